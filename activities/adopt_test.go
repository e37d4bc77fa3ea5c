package activities_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/azure"
	"github.com/perdure-dev/perdure/perduretest"
)

func adoptTask(a perdure.Adoption, change ...func(*perdure.StartTask)) perdure.StartTask {
	task := perdure.StartTask{RunID: runID, Input: perdure.OperationInput{
		Adopt: &a, Service: "jobs", Protocol: choice("openai", ``), Type: "CreateStore", Polling: every(3),
	}}
	for _, c := range change {
		c(&task)
	}
	return task
}

// Nothing is sent: the first question is asked at once, and what the operation needs
// is in its token from then on.
//
//rule:adopt 1 -
func TestAnOperationIsTakenOver(t *testing.T) {
	svc := perduretest.NewService(t, perduretest.GET("/vector_stores/vs_1").JSON(200, finished).Times(2))
	d := newDesk(t, svc)
	d.service.Polling = every(11)
	for _, adoption := range []perdure.Adoption{
		{Operation: "vs_1", Collection: "/vector_stores"},
		{StatusURL: svc.URL() + "/vector_stores/vs_1"},
	} {
		a := d.start(adoptTask(adoption))
		require.Equal(t, perdure.StateRunning, a.State)
		require.Equal(t, "vs_1", a.RemoteID)
		require.Equal(t, "openai", a.Protocol)
		require.Equal(t, 11.0, a.Interval)
		require.Zero(t, a.WaitSeconds, "it is asked at once")
		require.Zero(t, a.Tries)
		require.Empty(t, d.phases(), "nothing is sent")
		header, _, err := d.options.Keyset.OpenState(a.Sealed)
		require.NoError(t, err)
		require.Equal(t, "CreateStore", header.Type)
		require.Equal(t, perdure.StateSucceeded, d.poll(perdure.PollTask{State: a.Sealed}).State)
	}
}

// What is missing or malformed is `InvalidInput`, by the field's name.
//
//rule:adopt 2 -
//rule:adopt 3
func TestAnAdoptionThatCannotBe(t *testing.T) {
	for _, test := range []struct {
		name      string
		adoption  perdure.Adoption
		change    func(*perdure.StartTask)
		errorType string
		want      string
	}{
		{"of nobody", perdure.Adoption{Operation: "vs_1"}, func(task *perdure.StartTask) { task.Input.Service = "" }, perdure.ErrorInvalidInput, "service"},
		{"of an unknown service", perdure.Adoption{Operation: "vs_1"}, func(task *perdure.StartTask) { task.Input.Service = "other" }, perdure.ErrorInvalidInput, "other"},
		{"without a protocol", perdure.Adoption{Operation: "vs_1", Collection: "/vector_stores"}, func(task *perdure.StartTask) { task.Input.Protocol = nil }, perdure.ErrorInvalidInput, "protocol.name"},
		{"of what is not allowed", perdure.Adoption{Operation: "1", Collection: "/users"}, nil, perdure.ErrorEgressDenied, "GET /users/1"},
		{"of another origin", perdure.Adoption{StatusURL: "https://elsewhere.test/vector_stores/1"}, nil, perdure.ErrorEgressDenied, "https://elsewhere.test"},
		{"of a dot segment", perdure.Adoption{Operation: "../users", Collection: "/vector_stores"}, nil, perdure.ErrorInvalidInput, "dot segment"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, perduretest.NewService(t))
			d.config.Allow = []string{"POST /vector_stores", "GET /vector_stores/*"}
			var changes []func(*perdure.StartTask)
			if test.change != nil {
				changes = append(changes, test.change)
			}
			a := d.start(adoptTask(test.adoption, changes...))
			require.Equal(t, test.errorType, a.ErrorType)
			require.Contains(t, a.Error.Message, test.want)
			require.Empty(t, a.Sealed)
		})
	}
}

// The protocol has to be known: `auto` has no start's answer to go by, and can only
// tell that a resume token of Azure's SDK is for `azure`, which it then follows
// without options.
//
//rule:adopt 3 -
func TestAResumeTokenTellsItsProtocol(t *testing.T) {
	svc := perduretest.NewService(t, perduretest.GET("/ops/7").JSON(200, `{"status":"Succeeded"}`))
	d := newDesk(t, svc)
	registry, err := protocol.NewRegistry(azure.Protocol{}, openAIProtocol())
	require.NoError(t, err)
	d.options.Protocols = registry
	token := `{"type":"T","token":{"asyncURL":"` + svc.URL() + `/ops/7","method":"DELETE","state":"InProgress"}}`
	a := d.start(adoptTask(perdure.Adoption{Azcore: token}, func(task *perdure.StartTask) { task.Input.Protocol = nil }))
	require.Equal(t, azure.Name, a.Protocol)
	require.Equal(t, perdure.StateSucceeded, d.poll(perdure.PollTask{State: a.Sealed}).State)
}

//rule:later 5
func TestWhatIsTakenOverMayNotBeThereYet(t *testing.T) {
	svc := perduretest.NewService(t, get(404, ``).Times(2), get(200, finished), get(404, ``))
	_ = svc.URL() // listens outside
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, svc)
		adopted := func() perdure.PollTask {
			a := d.start(adoptTask(perdure.Adoption{Operation: "vs_1", Collection: "/vector_stores"}))
			return perdure.PollTask{State: a.Sealed, Known: perdure.Known{Error: &perdure.ServiceError{Code: "404"}}}
		}
		require.Equal(t, perdure.StateSucceeded, d.poll(adopted()).State)
		late := adopted()
		time.Sleep(time.Minute)
		require.Equal(t, perdure.ErrorPollRejected, d.poll(late).ErrorType)
	})
}

// A person who resolves an ambiguous start knows more than the last heartbeat.
func TestAResolvedStart(t *testing.T) {
	t.Run("sent again, also in a run that was reset", func(t *testing.T) {
		d := newDesk(t, perduretest.NewService(t, perduretest.POST("/vector_stores").JSON(200, inProgress)))
		a := d.start(createTask(func(task *perdure.StartTask) { task.Again, task.RunID = true, "the run before" }))
		require.Equal(t, perdure.StateRunning, a.State)
	})
	t.Run("sent again, and lost again", func(t *testing.T) {
		d := newDesk(t, perduretest.NewService(t, perduretest.POST("/vector_stores").Drop()))
		a := d.start(createTask(func(task *perdure.StartTask) { task.Again = true }))
		require.Equal(t, perdure.StateAmbiguous, a.State)
	})
	t.Run("sent again by a worker that died", func(t *testing.T) {
		d := newDesk(t, perduretest.NewService(t))
		d.again(perdure.Heartbeat{Phase: perdure.PhaseSending, Tries: 2})
		a := d.start(createTask(func(task *perdure.StartTask) { task.Again = true }))
		require.Equal(t, perdure.StateAmbiguous, a.State, "he does not know of that one")
	})
	t.Run("found", func(t *testing.T) {
		d := newDesk(t, perduretest.NewService(t))
		a := d.start(createTask(protocolOf("openai", ``), func(task *perdure.StartTask) {
			task.Adopt = &perdure.Adoption{Operation: "vs_1", Collection: "/vector_stores"}
		}))
		require.Equal(t, perdure.StateRunning, a.State)
		require.Equal(t, "vs_1", a.RemoteID)
	})
	t.Run("found, by its id alone", func(t *testing.T) {
		svc := perduretest.NewService(t, perduretest.GET("/vector_stores/vs_1").JSON(200, finished))
		d := newDesk(t, svc)
		a := d.start(createTask(protocolOf("openai", ``), to("/vector_stores?tag=1"), func(task *perdure.StartTask) {
			task.Adopt = &perdure.Adoption{Operation: "vs_1"}
		}))
		require.Equal(t, perdure.StateRunning, a.State)
		require.Equal(t, perdure.StateSucceeded, d.poll(perdure.PollTask{State: a.Sealed}).State)
	})
}
