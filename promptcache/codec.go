package promptcache

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
)

// Codec turns the entries of a cache into those of a snapshot and back. Its
// methods are called without a lock, from any goroutine, and must be safe for
// concurrent use; an error or a panic costs the entry, not the file. Decode must
// take back what Encode returned.
//
// A codec that also has a method Bare() bool that returns true reads files
// without the cache's own part, {"entries":{NAME:VALUE}}, such as those of
// LangSmith's SDKs.
type Codec interface {
	// Format names the shape of names and values, such as "langsmith". It is
	// recorded in the file; a file of another format is refused.
	Format() string
	// Encode returns what the entry is called in the file, which no other entry
	// may be, and its value in JSON.
	Encode(key string, value any) (name string, data []byte, err error)
	// Decode returns the key and the value of an entry. The value must be of
	// the cache's type. data must neither be changed nor kept.
	Decode(name string, data []byte) (key string, value any, err error)
}

// jsonCodec is the default: the key as it is, and the JSON of V.
type jsonCodec[V any] struct{}

func (jsonCodec[V]) Format() string { return "json" }

func (jsonCodec[V]) Bare() bool { return true }

func (jsonCodec[V]) Encode(key string, value any) (name string, data []byte, err error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // prompts are full of tags, and someone will read the file
	err = enc.Encode(value)
	return key, b.Bytes(), err
}

func (jsonCodec[V]) Decode(name string, data []byte) (key string, value any, err error) {
	var v V
	err = json.Unmarshal(data, &v)
	return name, v, err
}

// encode asks the codec, and survives it.
func encode(codec Codec, key string, value any) (name string, data []byte, err error) {
	err = survive(func() (err error) {
		name, data, err = codec.Encode(key, value)
		return err
	})
	return name, data, err
}

// decode asks the codec for a V, and survives it.
func decode[V any](codec Codec, name string, data []byte) (key string, value V, err error) {
	err = survive(func() error {
		k, v, err := codec.Decode(name, data)
		if err != nil {
			return err
		}
		var ok bool
		if value, ok = v.(V); !ok {
			return fmt.Errorf("it is a %T; the cache holds %v", v, reflect.TypeFor[V]())
		}
		if isNil(value) {
			return errors.New("it is null")
		}
		key = k
		return nil
	})
	return key, value, err
}

// bare reports whether the codec reads files without our part.
func bare(codec Codec) bool {
	b, ok := codec.(interface{ Bare() bool })
	return ok && b.Bare()
}

// survive runs user code and makes a panic of it an error.
func survive(run func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{Value: p, Stack: debug.Stack()}
		}
	}()
	return run()
}
