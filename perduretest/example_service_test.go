package perduretest_test

import (
	"fmt"
	"io"
	"net/http"

	"github.com/perdure-dev/perdure/perduretest"
)

// A service that takes a job, and is asked for it twice.
func ExampleNewService() {
	svc := perduretest.NewService(t,
		perduretest.POST("/jobs").Reply(202).Header("Location", "/jobs/7"),
		perduretest.GET("/jobs/7").Reply(202),
		perduretest.GET("/jobs/7").JSON(200, `{"ok":true}`))
	client := svc.Client() // or any client, at svc.URL()

	started, err := client.Post("https://jobs.example.com/jobs", "application/json", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(started.StatusCode, started.Header.Get("Location"), started.Body.Close())
	for range 2 {
		answer, err := client.Get("https://jobs.example.com" + started.Header.Get("Location"))
		if err != nil {
			fmt.Println(err)
			return
		}
		body, err := io.ReadAll(answer.Body)
		fmt.Printf("%d %s %v %v\n", answer.StatusCode, body, err, answer.Body.Close())
	}
	fmt.Println(svc.Requests()[0].Header.Get("Content-Type"))
	// Output:
	// 202 /jobs/7 <nil>
	// 202  <nil> <nil>
	// 200 {"ok":true} <nil> <nil>
	// application/json
}

// A step is a value: it may be kept, and varied.
func ExampleStep() {
	running := perduretest.GET("/jobs/7").JSON(200, `{"status":"running"}`)
	svc := perduretest.NewService(t, running.Times(2), running.Drop())
	for range 3 {
		answer, err := svc.Client().Get("https://jobs.example.com/jobs/7")
		if err != nil {
			fmt.Println("no answer")
			return
		}
		fmt.Println(answer.StatusCode == http.StatusOK, answer.Body.Close())
	}
	// Output:
	// true <nil>
	// true <nil>
	// no answer
}
