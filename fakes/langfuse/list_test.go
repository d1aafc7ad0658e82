package fakelangfuse_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	fakelangfuse "github.com/promptcache/promptcache-go/fakes/langfuse"
)

// listed is a list of prompts.
type listed struct {
	Data []struct {
		Name          string          `json:"name"`
		Type          string          `json:"type"`
		Versions      []int           `json:"versions"`
		Labels        []string        `json:"labels"`
		Tags          []string        `json:"tags"`
		LastUpdatedAt string          `json:"lastUpdatedAt"`
		LastConfig    json.RawMessage `json:"lastConfig"`
	} `json:"data"`
	Meta       map[string]int `json:"meta"`
	Pagination map[string]int `json:"pagination"`
}

func (c client) list(t *testing.T, query string) listed {
	t.Helper()
	var read listed
	require.NoError(t, json.Unmarshal(c.Get(http.StatusOK, prompts+query).Body, &read))
	return read
}

func (l listed) names() []string {
	names := make([]string, 0, len(l.Data))
	for _, p := range l.Data {
		names = append(names, p.Name)
	}
	return names
}

func TestListPages(t *testing.T) {
	fake, c := start(t, fakelangfuse.Config{})
	require.Equal(t, map[string]int{"page": 1, "limit": 10, "totalItems": 0, "totalPages": 0}, c.list(t, "").Meta)
	require.NotNil(t, c.list(t, "").Data)
	for i := range 12 {
		push(t, fake, fmt.Sprintf("p%02d", 11-i), "x")
	}
	first := c.list(t, "")
	require.Len(t, first.Data, 10)
	require.Equal(t, "p00", first.Data[0].Name)
	require.Equal(t, map[string]int{"page": 1, "limit": 10, "totalItems": 12, "totalPages": 2}, first.Meta)
	require.Equal(t, first.Meta, first.Pagination)
	require.Equal(t, []string{"p10", "p11"}, c.list(t, "?page=2").names())
	require.Equal(t, []string{"p05", "p06", "p07", "p08", "p09"}, c.list(t, "?page=2&limit=5").names())
	require.Empty(t, c.list(t, "?page=3").names())
	require.Len(t, c.list(t, "?limit=100").Data, 12)
	for query, message := range map[string]string{
		"page=0":            "Too small: expected number to be >=1",
		"limit=101":         "Too big: expected number to be <=100",
		"limit=0":           "Too small: expected number to be >=1",
		"limit=x":           "Invalid input: expected number, received NaN",
		"page=1.5":          "Invalid input: expected int, received number",
		"version=x":         "Invalid input: expected number, received NaN",
		"fromUpdatedAt=now": "Invalid ISO datetime",
	} {
		a := c.Get(http.StatusBadRequest, prompts+"?"+query).Object(t)
		require.Equal(t, "Invalid request data", a["message"])
		require.Equal(t, message, a["error"].([]any)[0].(map[string]any)["message"], query)
	}
}

func TestListFilters(t *testing.T) {
	fake, c := start(t, fakelangfuse.Config{})
	push(t, fake, "b", "1", "production")
	push(t, fake, "b", "2", "staging")
	_, err := fake.Push("a/chat", fakelangfuse.Version{
		Prompt: fakelangfuse.Chat(), Config: json.RawMessage(`[1]`), Labels: []string{"staging"}, Tags: []string{"x", "y"},
	})
	require.NoError(t, err)
	all := c.list(t, "")
	require.Equal(t, []string{"a/chat", "b"}, all.names())
	chat, b := all.Data[0], all.Data[1]
	require.Equal(t, "chat", chat.Type)
	require.Equal(t, []string{"x", "y"}, chat.Tags)
	require.JSONEq(t, `[1]`, string(chat.LastConfig))
	require.Equal(t, []int{1, 2}, b.Versions)
	require.Equal(t, []string{"latest", "production", "staging"}, b.Labels)
	require.Equal(t, c.fetch(t, "b?version=2").UpdatedAt, b.LastUpdatedAt)

	require.Equal(t, []string{"b"}, c.list(t, "?name=b").names())
	require.Equal(t, []string{"a/chat"}, c.list(t, "?tag=y").names())
	require.Equal(t, []string{"a/chat", "b"}, c.list(t, "?label=staging").names())
	labeled := c.list(t, "?label=production")
	require.Equal(t, []string{"b"}, labeled.names())
	require.Equal(t, []int{1}, labeled.Data[0].Versions, "those that match")
	require.Equal(t, []string{"production"}, labeled.Data[0].Labels)
	require.Equal(t, []string{"b"}, c.list(t, "?version=2").names())
	require.Empty(t, c.list(t, "?name=b&tag=x").names())
	past, future := url.QueryEscape(time.Now().Add(-time.Hour).Format(time.RFC3339)), url.QueryEscape(time.Now().Add(time.Hour).Format(time.RFC3339))
	require.Len(t, c.list(t, "?fromUpdatedAt="+past+"&toUpdatedAt="+future).Data, 2)
	require.Empty(t, c.list(t, "?fromUpdatedAt="+future).Data)
	require.Empty(t, c.list(t, "?toUpdatedAt="+past).Data)
}
