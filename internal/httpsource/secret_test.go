package httpsource_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/internal/httpsource"
	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
)

func TestSecretIsMasked(t *testing.T) {
	secret := httpsource.NewSecret(sourcetest.Hidden)
	type config struct{ Key httpsource.Secret }
	type hidden struct{ cfg config } // fmt cannot call methods in there
	for _, v := range []any{
		secret, &secret,
		config{secret},
		&config{secret},
		hidden{config{secret}},
		[]httpsource.Secret{secret},
		map[string]httpsource.Secret{"k": secret},
		newSource(t, httpsource.Config{}).Client,
	} {
		for verb := rune('A'); verb <= 'z'; verb++ {
			for _, flags := range []string{"", "+", "#", "-9", "09.3", " "} {
				format := "%" + flags + string(verb)
				require.NotContains(t, fmt.Sprintf(format, v), sourcetest.Hidden, "%s of %T", format, v)
				require.NotContains(t, fmt.Errorf(format, v).Error(), sourcetest.Hidden, "%s of %T", format, v)
				hex := fmt.Sprintf("%x", sourcetest.Hidden)
				require.NotContains(t, fmt.Sprintf(format, v), hex, "%s of %T", format, v)
			}
		}
		require.NotContains(t, fmt.Sprint(v), sourcetest.Hidden)
		for _, noVerb := range []string{"surplus"} {
			require.NotContains(t, fmt.Sprintf(noVerb, v), sourcetest.Hidden)
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("m", "v", v)
		require.NotContains(t, log.String(), sourcetest.Hidden)
	}
	require.Equal(t, `[redacted] "[redacted]" "[redacted]"`, fmt.Sprintf("%v %q %#v", secret, secret, secret))
	require.Equal(t, "[redacted]", secret.String())
	require.Equal(t, sourcetest.Hidden, httpsource.Reveal(secret))
	require.Empty(t, httpsource.Reveal(httpsource.Secret{}))
	require.Equal(t, sourcetest.Hidden, httpsource.Reveal(httpsource.Stripped(httpsource.NewSecret(" \""+sourcetest.Hidden+"'\n"))))
}

func TestSecretMarshalsMasked(t *testing.T) {
	type doc struct {
		Key   httpsource.Secret                       `json:"key"`
		Unset httpsource.Secret                       `json:"unset,omitzero"`
		Keyed map[httpsource.Secret]httpsource.Secret `json:"keyed"`
	}
	secret := httpsource.NewSecret(sourcetest.Hidden)
	b, err := json.Marshal(doc{Key: secret, Keyed: map[httpsource.Secret]httpsource.Secret{secret: secret}})
	require.NoError(t, err)
	require.JSONEq(t, `{"key":"[redacted]","keyed":{"[redacted]":"[redacted]"}}`, string(b))

	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "key", secret)
	require.Contains(t, log.String(), `"key":"[redacted]"`)
}

func TestSecretIsRead(t *testing.T) {
	var in struct{ Key, Empty httpsource.Secret }
	require.NoError(t, json.Unmarshal([]byte(`{"Key":"`+sourcetest.Hidden+`","Empty":""}`), &in))
	require.Equal(t, httpsource.NewSecret(sourcetest.Hidden), in.Key)
	require.False(t, in.Key.IsZero())
	require.True(t, in.Empty.IsZero())
	require.Equal(t, httpsource.Secret{}, httpsource.NewSecret(""))
	require.Equal(t, `"" `, fmt.Sprintf("%q %s", in.Empty, in.Empty))
}
