package webapp_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/examples/webapp"
)

// talks serves an application with such answers, in which ada has signed in.
func talks(t *testing.T, answers webapp.Answers) *browser {
	t.Helper()
	f := newFake(t)
	return signedIn(t, instance(t, webapp.Options{Items: f, Indexes: f, Answers: answers}), "ada")
}

// ask sends the form, and gives the page of the answer.
func ask(b *browser) page {
	b.t.Helper()
	return b.post("/chat", question(b.get("/chat"), "Why?"))
}

// question fills in the form as it was shown.
func question(p page, words string) url.Values {
	return url.Values{"form": fill(p, "")["form"], "question": {words}}
}

func TestWhatThereIsOfAnAnswerIsInThePage(t *testing.T) {
	answers := newFakeAnswers("Be", "cause\n", "", "of <b>it")
	b := talks(t, answers)
	p := ask(b)
	require.Equal(t, http.StatusOK, p.status)
	require.Contains(t, p.address, "/chat?answer=")
	require.Equal(t, "Because\nof <b>it", p.text("answer"))
	require.NotContains(t, p.body, "<b>")
	require.Equal(t, "4", attribute(p.node("answer"), "data-from"))
	require.Equal(t, strings.Replace(p.address, "/chat", "/chat/events", 1), attribute(p.node("answer"), "data-events"))
	require.Contains(t, p.body, "chat.js")
	require.Contains(t, p.body, `http-equiv="refresh"`, "for a browser without scripts")

	answers.change(func() { answers.status = perdure.StreamStatus{State: perdure.StateSucceeded, Done: true} })
	p = b.get(p.address)
	require.Equal(t, "This is the whole answer.", p.text("words"))
	require.NotContains(t, p.body, "chat.js", "there is nothing more to wait for")
}

func TestAQuestionSentTwiceIsOneAnswer(t *testing.T) {
	answers := newFakeAnswers()
	b := talks(t, answers)
	form := question(b.get("/chat"), " Why? ")
	require.Equal(t, b.post("/chat", form).address, b.post("/chat", form).address)
	require.Equal(t, map[string]string{"ada " + form.Get("form"): "Why?"}, answers.questions)
}

func TestAnothersAnswerIsRefused(t *testing.T) {
	f, answers := newFake(t), newFakeAnswers("secret")
	server := instance(t, webapp.Options{Items: f, Indexes: f, Answers: answers})
	own := ask(signedIn(t, server, "ada"))
	grace := signedIn(t, server, "grace")
	for _, address := range []string{own.address, events(own) + "&from=0"} {
		p := grace.get(address)
		require.Equal(t, http.StatusNotFound, p.status)
		require.Contains(t, p.body, "There is nothing at this address")
		require.NotContains(t, p.body, "secret")
	}
}

func TestAQuestionThatCannotBeTaken(t *testing.T) {
	tests := []struct {
		name   string
		change url.Values
		err    error
		status int
		says   string
	}{
		{"no question", url.Values{"question": {" "}}, nil, 422, "Ask something"},
		{"a long question", url.Values{"question": {strings.Repeat("ü", 2001)}}, nil, 422, "at most 2000 characters"},
		{"not UTF-8", url.Values{"question": {"\xff"}}, nil, 422, "Ask something"},
		{"the form's name is made up", url.Values{"form": {"../x"}}, nil, 422, "Ask something"},
		{"sent before with another question", nil, &perdure.StreamError{Type: perdure.ErrorIDConflict, Message: "x"}, 409, "sent before, with another question"},
		{"no Temporal", nil, http.ErrServerClosed, 503, "cannot be shown just now"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			answers := newFakeAnswers()
			answers.err = tt.err
			b := talks(t, answers)
			form := question(b.get("/chat"), "Why?")
			maps.Copy(form, tt.change)
			p := b.post("/chat", form)
			require.Equal(t, tt.status, p.status)
			require.Contains(t, p.body, tt.says)
			require.Empty(t, answers.questions)
		})
	}
}

func TestHowAnAnswerGoes(t *testing.T) {
	said := &perdure.ServiceError{Code: "quota", Message: "No room."}
	tests := []struct {
		name   string
		status perdure.StreamStatus
		says   string
		live   bool
	}{
		{"starting", perdure.StreamStatus{State: perdure.StateStarting}, "on its way", true},
		{"running", perdure.StreamStatus{State: perdure.StateRunning}, "is answering", true},
		{"cut off", perdure.StreamStatus{State: perdure.StateRunning, LastError: &perdure.TimedError{At: at, Error: *said}}, "cut off at 05:06:07 UTC (quota: No room.)", true},
		{"no worker is running", perdure.StreamStatus{State: perdure.StateRunning, Stale: true}, "Nobody is listening", true},
		{"canceled", perdure.StreamStatus{State: perdure.StateCanceled, Done: true}, "was stopped", false},
		{"refused", perdure.StreamStatus{State: perdure.StateFailed, Done: true, ErrorType: perdure.ErrorStartRejected, Error: said}, "The service refused. The service said: quota: No room.", false},
		{"failed", perdure.StreamStatus{State: perdure.StateFailed, Done: true, ErrorType: perdure.ErrorOperationFailed, Error: said}, "The model gave up. The service said: quota", false},
		{"broken", perdure.StreamStatus{State: perdure.StateFailed, Done: true, ErrorType: perdure.ErrorStreamBroken}, "cannot go on from there", false},
		{"ambiguous", perdure.StreamStatus{State: perdure.StateFailed, Done: true, ErrorType: perdure.ErrorStartAmbiguous}, "not known whether", false},
		{"our own fault", perdure.StreamStatus{State: perdure.StateFailed, Done: true, ErrorType: perdure.ErrorEgressDenied, Error: said}, "could not be had", false},
		{"nobody knows", perdure.StreamStatus{State: perdure.StateUnknown, Done: true}, "may not be all", false},
	}
	answers := newFakeAnswers("Be")
	b := talks(t, answers)
	address := ask(b).address
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			answers.change(func() { answers.status = tt.status })
			p := b.get(address)
			require.Equal(t, http.StatusOK, p.status)
			require.Contains(t, p.text("main"), tt.says)
			require.Equal(t, tt.live, strings.Contains(p.body, "data-live"))
			require.Equal(t, "Be", p.text("answer"), "what came before is kept")
		})
	}
}

func TestAnAddressOfNoAnswer(t *testing.T) {
	b := talks(t, newFakeAnswers())
	for _, address := range []string{"/chat?answer=", "/chat?answer=../x", "/chat?answer=" + strings.Repeat("A", 26)} {
		require.Equal(t, http.StatusNotFound, b.get(address).status, address)
	}
}
