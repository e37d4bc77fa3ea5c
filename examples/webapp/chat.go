package webapp

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/perdure-dev/perdure"
)

// Answer is what there is of a model's answer by now.
type Answer struct {
	Status perdure.StreamStatus
	Text   string
	// Next is the offset to go on from: Text has what came before it.
	Next int
}

// Delta is the part of an answer that one event has, "" perhaps.
type Delta struct {
	Offset int
	Text   string
}

// Answers are those of a model. An answer is known by its user and the form that asked
// for it: for another user there is none at the same address.
type Answers interface {
	// Ask asks the question of a form. The same form of the same user is the same answer,
	// however often sent.
	Ask(ctx context.Context, user User, form, question string) error
	// Look says how an answer goes, and gives what there is of it.
	Look(ctx context.Context, user User, form string) (Answer, error)
	// Read goes through an answer from an offset on, and waits for what is to come. An
	// error comes once, last: *perdure.StreamError where the answer ended badly.
	Read(ctx context.Context, user User, form string, from int) (iter.Seq2[Delta, error], error)
}

// askView is the form that asks.
type askView struct {
	// Form names this copy of the form, and the answer to it.
	Form, Question string
	// Fault says what is wrong with the question.
	Fault string
}

// answerView is what the page of an answer shows.
type answerView struct {
	// Words are how it goes, in a sentence.
	Words string
	Text  string
	// Events is where the rest of it is sent, and From the offset of the rest.
	Events string
	From   int
	// Notices say what is not as it should be.
	Notices []string
}

const maxQuestion = 2000

// showChat shows an answer, or, where the address names none, the form.
func (a *app) showChat(w http.ResponseWriter, r *http.Request, user User) {
	if r.URL.Query().Has("answer") {
		a.showAnswer(w, r, user)
		return
	}
	a.askForm(w, r, user, http.StatusOK, askView{})
}

func (a *app) askForm(w http.ResponseWriter, r *http.Request, user User, status int, v askView) {
	v.Form = rand.Text()
	a.show(w, r, status, "ask", view{Title: "Ask a question", User: user, Content: v})
}

func (a *app) ask(w http.ResponseWriter, r *http.Request, user User) {
	form, question := r.PostFormValue("form"), strings.TrimSpace(r.PostFormValue("question"))
	if n := utf8.RuneCountInString(question); n == 0 || n > maxQuestion || !utf8.ValidString(question) || !formName.MatchString(form) {
		a.askForm(w, r, user, http.StatusUnprocessableEntity, askView{Question: question, Fault: "Ask something, in at most 2000 characters."})
		return
	}
	err := a.answers.Ask(r.Context(), user, form, question)
	if errors.Is(err, &perdure.StreamError{Type: perdure.ErrorIDConflict}) {
		a.askForm(w, r, user, http.StatusConflict, askView{Question: question, Fault: "This form was sent before, with another question. Send it again to ask this one, too."})
		return
	}
	if err != nil {
		a.refuse(w, r, user, err)
		return
	}
	http.Redirect(w, r, "/chat?"+url.Values{"answer": {form}}.Encode(), http.StatusSeeOther)
}

// showAnswer shows what there is of an answer. A script has the rest sent, from the
// offset where this ends; without scripts the page reloads.
func (a *app) showAnswer(w http.ResponseWriter, r *http.Request, user User) {
	form := r.URL.Query().Get("answer")
	if !formName.MatchString(form) {
		a.notFound(w, r)
		return
	}
	answer, err := a.answers.Look(r.Context(), user, form)
	if err != nil {
		a.refuse(w, r, user, err)
		return
	}
	v := answerView{
		Words: wordsOf(answer.Status), Notices: troublesOf(answer.Status), Text: answer.Text,
		Events: "/chat/events?" + url.Values{"answer": {form}}.Encode(), From: answer.Next,
	}
	a.show(w, r, http.StatusOK, "answer", view{Title: "Answer", User: user, Live: !answer.Status.Done, Script: "chat.js", Content: v})
}

func wordsOf(s perdure.StreamStatus) string {
	switch s.State { //nolint:exhaustive // a stream has no others
	case perdure.StateStarting:
		return "The question is on its way. The model has not answered yet."
	case perdure.StateRunning:
		return "The model is answering. You may close this page and come back to it."
	case perdure.StateSucceeded:
		return "This is the whole answer."
	case perdure.StateCanceled:
		return "The answer was stopped."
	case perdure.StateFailed:
		return whyNot(s)
	}
	return "Nobody is listening to the model any longer. This may not be all of its answer."
}

// whyNot says why there is no whole answer. Only the service's own words are quoted.
func whyNot(s perdure.StreamStatus) string {
	words := "The answer could not be had."
	switch s.ErrorType {
	case perdure.ErrorStreamBroken:
		return "The model was cut off, and cannot go on from there. To ask again would be another answer."
	case perdure.ErrorStartAmbiguous:
		return "It is not known whether the model was asked. It was not asked twice."
	case perdure.ErrorStartRejected:
		words = "The service refused."
	case perdure.ErrorOperationFailed:
		words = "The model gave up."
	default:
		return words
	}
	if s.Error != nil {
		words += " The service said: " + s.Error.String()
	}
	return words
}

func troublesOf(s perdure.StreamStatus) []string {
	var notices []string
	if s.Done {
		return notices
	}
	if s.LastError != nil {
		notices = append(notices, fmt.Sprintf("The model was cut off at %s (%s). It is asked to go on from there; nothing is lost.", clock(s.LastError.At), s.LastError.Error.String()))
	}
	if s.Stale {
		notices = append(notices, "Nobody is listening to the model just now. What it has said is not lost, and comes when somebody is.")
	}
	return notices
}
