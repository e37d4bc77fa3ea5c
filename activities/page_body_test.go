package activities_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/perduretest"
)

// fetched is the answer to a first page with that body.
func fetched(t *testing.T, body string, change ...func(*desk)) perdure.PageAnswer {
	t.Helper()
	d := newDesk(t, perduretest.NewService(t, perduretest.GET("/items").JSON(200, body)))
	for _, c := range change {
		c(d)
	}
	return d.fetch(itemsTask(following("nextlink", "")))
}

func capturing(bytes int) func(*desk) {
	return func(d *desk) { d.config.Limits.CaptureBytes = bytes }
}

//rule:pages 1
func TestTheValuesAreRecordedOnce(t *testing.T) {
	for _, test := range []struct{ name, body, values string }{
		{"tidy", `{"value":[{"n":1.0}],"nextLink":"/items?page=2"}`, `[{"n":1.0}]`},
		{"with white space", "{ \"value\" : [ {\"n\": 1.0} ,\n 2 ],\t\"nextLink\":\"/items?page=2\" }\n", `[{"n":1.0},2]`},
		{"with HTML", `{"about":"<b>","value":["<a href='x'>&amp;</a>"]}`, `["\u003ca href='x'\u003e\u0026amp;\u003c/a\u003e"]`},
		{"with line separators", "{\"value\":[\"\u2028\u2029\"],\"x\":\"\u2028\"}", `["\u2028\u2029"]`},
		{"that stand there twice", `{"copy":[1,2],"value":[1,2]}`, `[1,2]`},
		{"with every digit", `{"value":[1.0,1e400,12345678901234567890,-0.0]}`, `[1.0,1e400,12345678901234567890,-0.0]`},
		{"with a name twice", `{"value":[{"a":1,"a":2}]}`, `[{"a":1,"a":2}]`},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := fetched(t, test.body)
			require.Empty(t, a.ErrorType, a.Error)
			require.Equal(t, test.values, string(a.Values))
			require.Nil(t, a.Response.Body)
			require.False(t, a.Response.Truncated)
			require.NotNil(t, a.Around)
			require.NotContains(t, a.Around.Before, test.values)
			whole := a.Around.Body(a.Values).JSON
			again, err := json.Marshal(json.RawMessage(test.body))
			require.NoError(t, err)
			require.Equal(t, string(again), string(whole), "put back, it is the whole body")
			require.JSONEq(t, strings.ReplaceAll(test.body, "1e400", "4"), strings.ReplaceAll(string(whole), "1e400", "4"))
		})
	}
}

func TestWhereTheBodyStaysAsItIs(t *testing.T) {
	t.Run("no values", func(t *testing.T) {
		a := fetched(t, `{"value":[],"count":0}`)
		require.Nil(t, a.Around)
		require.Equal(t, `[]`, string(a.Values))
		require.JSONEq(t, `{"value":[],"count":0}`, string(a.Response.Body.JSON))
	})
	t.Run("null for no values", func(t *testing.T) {
		a := fetched(t, `{"value":null}`)
		require.Equal(t, `[]`, string(a.Values))
		require.JSONEq(t, `{"value":null}`, string(a.Response.Body.JSON))
	})
	t.Run("cut", func(t *testing.T) {
		a := fetched(t, `{"value":["aaaaaaaaaaaaaaaaaaaa"]}`, capturing(10))
		require.Nil(t, a.Around)
		require.True(t, a.Response.Truncated)
		require.Equal(t, `{"value":[`, *a.Response.Body.Text)
		require.Equal(t, `["aaaaaaaaaaaaaaaaaaaa"]`, string(a.Values), "the values are whole")
	})
	t.Run("not UTF-8", func(t *testing.T) {
		a := fetched(t, "{\"value\":[\"\xff\"]}")
		require.Empty(t, a.ErrorType, a.Error)
		require.Nil(t, a.Around)
		require.NotNil(t, a.Response.Body.Base64)
		require.True(t, json.Valid(a.Values))
	})
	t.Run("values that an option makes", func(t *testing.T) {
		d := newDesk(t, perduretest.NewService(t, perduretest.GET("/items").JSON(200, `{"things":{"a":{"n":1.0},"b":{"n":2}}}`)))
		a := d.fetch(itemsTask(following("nextlink", `{"items":"values(things)[?n]|sort_by(@,&to_string(n))"}`)))
		require.Empty(t, a.ErrorType, a.Error)
		require.Equal(t, 2, a.Count)
		require.Nil(t, a.Around)
		require.NotNil(t, a.Response.Body)
	})
}

// pageOf is a page whose one value is a string of that text, n times.
func pageOf(text string, n int) string {
	return fmt.Sprintf(`{"value":["%s"],"nextLink":"/items?page=2"}`, strings.Repeat(text, n))
}

// A payload above 2 MB ends the workflow task: what may be missed goes first, and what
// may not is an error that says what to do.
func TestLargePages(t *testing.T) {
	const limit = 1_900_000
	for _, test := range []struct {
		name, body string
		change     []func(*desk)
		check      func(t *testing.T, a perdure.PageAnswer)
	}{
		{"that fit", pageOf("x", 400_000), []func(*desk){capturing(1 << 20)}, func(t *testing.T, a perdure.PageAnswer) {
			t.Helper()
			require.NotNil(t, a.Around)
			require.False(t, a.Response.Truncated)
		}},
		{"whose values would be read twice", pageOf("x", 600_000), []func(*desk){capturing(1 << 20)}, func(t *testing.T, a perdure.PageAnswer) {
			t.Helper()
			require.Nil(t, a.Around)
			require.NotNil(t, a.Response.Body.JSON, "they fit twice all the same")
		}},
		{"whose captured body does not fit", pageOf("x", 1_000_000), []func(*desk){capturing(2 << 20)}, func(t *testing.T, a perdure.PageAnswer) {
			t.Helper()
			require.Len(t, a.Values, 1_000_004)
			require.Nil(t, a.Response.Body)
			require.True(t, a.Response.Truncated)
		}},
		{"whose cut body does not fit", pageOf("x", 1_870_000), nil, func(t *testing.T, a perdure.PageAnswer) {
			t.Helper()
			require.Len(t, a.Values, 1_870_004)
			require.Nil(t, a.Response.Body)
			require.True(t, a.Response.Truncated)
			require.Equal(t, 200, a.Response.Status)
		}},
		{"that do not fit", pageOf("x", 1_900_000), nil, tooLarge},
		{"that do not fit as they are recorded", pageOf("<", 320_000), nil, tooLarge},
		{"that just fit as they are recorded", pageOf("<", 310_000), nil, func(t *testing.T, a perdure.PageAnswer) {
			t.Helper()
			require.Len(t, a.Values, 6*310_000+4)
		}},
		{"above what the worker takes", pageOf("x", 200_000), []func(*desk){func(d *desk) { d.config.Limits.MaxResponseBytes = 100_000 }}, func(t *testing.T, a perdure.PageAnswer) {
			t.Helper()
			require.Equal(t, perdure.ErrorResponseTooLarge, a.ErrorType)
			require.Contains(t, a.Error.Message, "limits.maxResponseBytes")
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := fetched(t, test.body, test.change...)
			raw, err := json.Marshal(a)
			require.NoError(t, err)
			require.LessOrEqual(t, len(raw), limit)
			test.check(t, a)
			if a.ErrorType == "" {
				require.NotEmpty(t, a.Next)
			}
		})
	}
}

func tooLarge(t *testing.T, a perdure.PageAnswer) {
	t.Helper()
	require.Equal(t, perdure.ErrorResponseTooLarge, a.ErrorType)
	require.Contains(t, a.Error.Message, "above the 1900000 that fit into a workflow")
	require.Contains(t, a.Error.Message, "smaller pages")
	require.Equal(t, "jobs", a.Service)
	require.Equal(t, "nextlink", a.Protocol)
	require.Nil(t, a.Values)
	require.Empty(t, a.Next)
}
