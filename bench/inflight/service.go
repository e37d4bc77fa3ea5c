package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// service starts the jobs that its callers number, and answers for each until it is told to
// finish it. It asks to be asked every so often, as the start has named, and books how late
// it was.
type service struct {
	mu    sync.Mutex
	jobs  map[int]*job
	polls []poll
	twice int // starts of a job that had been started
}

type job struct {
	every time.Duration
	asked time.Time // last, or started
	done  bool
}

// poll is one question, by so much later than the service had asked for.
type poll struct {
	at    time.Time
	every time.Duration
	late  time.Duration
}

// jobInput is the body of a start.
type jobInput struct {
	Number       int `json:"number"`
	EverySeconds int `json:"everySeconds"`
}

const jobsPath = "/jobs/"

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		s.start(w, r)
		return
	}
	s.answer(w, r)
}

func (s *service) start(w http.ResponseWriter, r *http.Request) {
	var in jobInput
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	if s.jobs == nil {
		s.jobs = map[int]*job{}
	}
	if s.jobs[in.Number] != nil {
		s.twice++
	}
	s.jobs[in.Number] = &job{every: time.Duration(in.EverySeconds) * time.Second, asked: time.Now()}
	s.mu.Unlock()
	w.Header().Set("Location", jobsPath+strconv.Itoa(in.Number))
	running(w, in.Number, in.EverySeconds)
}

func (s *service) answer(w http.ResponseWriter, r *http.Request) {
	number, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, jobsPath))
	every, done, known := s.ask(number)
	switch {
	case err != nil || !known:
		http.NotFound(w, r)
	case done:
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"number":%d,"status":"succeeded"}`, number)
	default:
		running(w, number, int(every.Seconds()))
	}
}

// ask books a question.
func (s *service) ask(number int) (every time.Duration, done, known bool) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.jobs[number]
	if j == nil {
		return 0, false, false
	}
	s.polls = append(s.polls, poll{at: now, every: j.every, late: now.Sub(j.asked) - j.every})
	j.asked = now
	return j.every, j.done, true
}

func running(w http.ResponseWriter, number, everySeconds int) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Retry-After", strconv.Itoa(everySeconds))
	w.WriteHeader(http.StatusAccepted)
	_, _ = fmt.Fprintf(w, `{"number":%d,"status":"running"}`, number)
}

// finish ends jobs: the next who asks gets the value.
func (s *service) finish(numbers ...int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, number := range numbers {
		s.jobs[number].done = true
	}
}

// startedTwice is how many jobs were started again.
func (s *service) startedTwice() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.twice
}

// asked is how many questions for jobs of that interval came between two times.
func (s *service) asked(every time.Duration, from, to time.Time) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, p := range s.polls {
		if p.every == every && !p.at.Before(from) && p.at.Before(to) {
			n++
		}
	}
	return n
}

// lateness of the questions for jobs of that interval which came between two times. One
// that has not come counts for as late as it is by then.
func (s *service) lateness(every time.Duration, from, to time.Time) []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []time.Duration
	for _, p := range s.polls {
		if p.every == every && !p.at.Before(from) && p.at.Before(to) {
			out = append(out, p.late)
		}
	}
	for _, j := range s.jobs {
		if late := to.Sub(j.asked) - j.every; j.every == every && !j.done && late > 0 {
			out = append(out, late)
		}
	}
	return out
}
