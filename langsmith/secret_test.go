package langsmith_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/langsmith"
)

func TestSecretIsMasked(t *testing.T) {
	secret := langsmith.NewSecret(testKey)
	type hidden struct{ cfg langsmith.Config } // fmt cannot call methods in there
	for _, v := range []any{
		secret, &secret,
		langsmith.Config{APIKey: secret},
		&langsmith.Config{BearerToken: secret},
		hidden{langsmith.Config{APIKey: secret}},
		[]langsmith.Secret{secret},
		map[string]langsmith.Secret{"k": secret},
		newSource(t, langsmith.Config{}),
	} {
		for verb := rune('A'); verb <= 'z'; verb++ {
			for _, flags := range []string{"", "+", "#", "-9", "09.3", " "} {
				format := "%" + flags + string(verb)
				require.NotContains(t, fmt.Sprintf(format, v), testKey, "%s of %T", format, v)
				require.NotContains(t, fmt.Errorf(format, v).Error(), testKey, "%s of %T", format, v)
				hex := fmt.Sprintf("%x", testKey)
				require.NotContains(t, fmt.Sprintf(format, v), hex, "%s of %T", format, v)
			}
		}
		require.NotContains(t, fmt.Sprint(v), testKey)
		for _, noVerb := range []string{"surplus"} {
			require.NotContains(t, fmt.Sprintf(noVerb, v), testKey)
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("m", "v", v)
		require.NotContains(t, log.String(), testKey)
	}
	require.Equal(t, `[redacted] "[redacted]" "[redacted]"`, fmt.Sprintf("%v %q %#v", secret, secret, secret))
	require.Equal(t, "[redacted]", secret.String())
}

func TestSecretMarshalsMasked(t *testing.T) {
	type doc struct {
		Key   langsmith.Secret                      `json:"key"`
		Unset langsmith.Secret                      `json:"unset,omitzero"`
		Keyed map[langsmith.Secret]langsmith.Secret `json:"keyed"`
	}
	secret := langsmith.NewSecret(testKey)
	b, err := json.Marshal(doc{Key: secret, Keyed: map[langsmith.Secret]langsmith.Secret{secret: secret}})
	require.NoError(t, err)
	require.JSONEq(t, `{"key":"[redacted]","keyed":{"[redacted]":"[redacted]"}}`, string(b))

	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "key", secret)
	require.Contains(t, log.String(), `"key":"[redacted]"`)
}

func TestSecretIsRead(t *testing.T) {
	var in struct{ Key, Empty langsmith.Secret }
	require.NoError(t, json.Unmarshal([]byte(`{"Key":"`+testKey+`","Empty":""}`), &in))
	require.Equal(t, langsmith.NewSecret(testKey), in.Key)
	require.False(t, in.Key.IsZero())
	require.True(t, in.Empty.IsZero())
	require.Equal(t, langsmith.Secret{}, langsmith.NewSecret(""))
	require.Equal(t, `"" `, fmt.Sprintf("%q %s", in.Empty, in.Empty))
}
