package main

import (
	"fmt"
	"syscall"
	"time"
)

// CPU is what the processes have computed.
type CPU struct {
	Server   time.Duration `json:"server"`
	Database time.Duration `json:"database"` // 0 where it is within the server
	Worker   time.Duration `json:"worker"`
	Callers  time.Duration `json:"callers"` // and the service
}

func (p *place) cpu() (c CPU, err error) {
	server, err := p.server.CPU()
	if err != nil {
		return c, err
	}
	c.Server, c.Database = server.Temporal, server.Database
	if c.Worker, err = p.worker.CPU(); err != nil {
		return c, err
	}
	var u syscall.Rusage
	err = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	c.Callers = time.Duration(u.Utime.Nano() + u.Stime.Nano())
	return c, err
}

func (c CPU) minus(o CPU) CPU {
	return CPU{c.Server - o.Server, c.Database - o.Database, c.Worker - o.Worker, c.Callers - o.Callers}
}

func (c CPU) plus(o CPU) CPU {
	return CPU{c.Server + o.Server, c.Database + o.Database, c.Worker + o.Worker, c.Callers + o.Callers}
}

func (c CPU) times(f float64) CPU {
	by := func(d time.Duration) time.Duration { return time.Duration(float64(d) * f) }
	return CPU{by(c.Server), by(c.Database), by(c.Worker), by(c.Callers)}
}

func (c CPU) sum() time.Duration { return c.Server + c.Database + c.Worker + c.Callers }

// during is what f costs, and how long it took.
func (p *place) during(f func() error) (c CPU, took time.Duration, err error) {
	before, err := p.cpu()
	if err != nil {
		return c, 0, err
	}
	began := time.Now()
	if err := f(); err != nil {
		return c, 0, err
	}
	took = time.Since(began)
	after, err := p.cpu()
	return after.minus(before), took, err
}

// each is what one of n has cost.
func (c CPU) each(n int) CPU { return c.times(1 / float64(n)) }

// ms is a time in milliseconds, for people.
func ms(d time.Duration) string { return fmt.Sprintf("%.1f", d.Seconds()*1000) }

func (c CPU) String() string {
	return fmt.Sprintf("server %s, database %s, worker %s, callers %s, all %s ms", ms(c.Server), ms(c.Database), ms(c.Worker), ms(c.Callers), ms(c.sum()))
}
