package devserver

import (
	"context"
	"log/slog"
	"sync/atomic"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// slogLogger is the Temporal server's logger, writing to a slog.Logger.
type slogLogger struct{ out *slog.Logger }

var (
	_ log.Logger      = slogLogger{}
	_ log.WithLogger  = slogLogger{}
	_ log.SLogWrapper = slogLogger{}
)

// fatal is what a Fatal of the server panics with. The server would end the
// process, which is not for a library to do; Start turns it into an error.
type fatal struct {
	message string
	cause   error
}

func (f *fatal) Error() string {
	if f.cause == nil {
		return f.message
	}
	return f.message + ": " + f.cause.Error()
}

func (f *fatal) Unwrap() error { return f.cause }

// SLog gives the logger that all goes to.
func (l slogLogger) SLog() *slog.Logger { return l.out }

// With adds tags to every message.
func (l slogLogger) With(tags ...tag.Tag) log.Logger {
	return slogLogger{slog.New(l.out.Handler().WithAttrs(attrs(tags)))}
}

// Debug logs at that level.
func (l slogLogger) Debug(msg string, tags ...tag.Tag) { l.log(slog.LevelDebug, msg, tags) }

// Info logs at that level.
func (l slogLogger) Info(msg string, tags ...tag.Tag) { l.log(slog.LevelInfo, msg, tags) }

// Warn logs at that level.
func (l slogLogger) Warn(msg string, tags ...tag.Tag) { l.log(slog.LevelWarn, msg, tags) }

// Error logs at that level.
func (l slogLogger) Error(msg string, tags ...tag.Tag) { l.log(slog.LevelError, msg, tags) }

// DPanic logs an error: this is nobody's development build of the server.
func (l slogLogger) DPanic(msg string, tags ...tag.Tag) { l.log(slog.LevelError, msg, tags) }

// Panic logs an error and panics.
func (l slogLogger) Panic(msg string, tags ...tag.Tag) {
	l.log(slog.LevelError, msg, tags)
	panic(msg)
}

// Fatal logs an error and panics with a *fatal.
func (l slogLogger) Fatal(msg string, tags ...tag.Tag) {
	l.log(slog.LevelError, msg, tags)
	f := &fatal{message: msg}
	for _, t := range tags {
		if z, ok := t.(tag.ZapTag); ok { // whose Value is a text
			if err, ok := z.Field().Interface.(error); ok {
				f.cause = err
			}
		}
	}
	panic(f)
}

func (l slogLogger) log(level slog.Level, msg string, tags []tag.Tag) {
	ctx := context.Background()
	if l.out.Enabled(ctx, level) {
		l.out.LogAttrs(ctx, level, msg, attrs(tags)...)
	}
}

func attrs(tags []tag.Tag) []slog.Attr {
	out := make([]slog.Attr, len(tags))
	for i, t := range tags {
		out[i] = slog.Any(t.Key(), t.Value())
	}
	return out
}

// demoter is a handler that, once on, makes every message a debug message. The
// parts of a server that is being stopped complain of each other's absence.
type demoter struct {
	slog.Handler
	on *atomic.Bool
}

func newDemoter(h slog.Handler) demoter { return demoter{Handler: h, on: new(atomic.Bool)} }

// Enabled asks for the level that the message will have.
func (d demoter) Enabled(ctx context.Context, level slog.Level) bool {
	return d.Handler.Enabled(ctx, d.level(level))
}

// Handle passes a message on, at its level or at debug.
func (d demoter) Handle(ctx context.Context, record slog.Record) error {
	record.Level = d.level(record.Level)
	if !d.Handler.Enabled(ctx, record.Level) {
		return nil
	}
	return d.Handler.Handle(ctx, record)
}

func (d demoter) level(level slog.Level) slog.Level {
	if d.on.Load() {
		return min(level, slog.LevelDebug)
	}
	return level
}

// WithAttrs keeps the switch.
func (d demoter) WithAttrs(attrs []slog.Attr) slog.Handler {
	return demoter{Handler: d.Handler.WithAttrs(attrs), on: d.on}
}

// WithGroup keeps the switch.
func (d demoter) WithGroup(name string) slog.Handler {
	return demoter{Handler: d.Handler.WithGroup(name), on: d.on}
}

// recoverFatal turns a Fatal of the server into an error.
func recoverFatal(err *error) {
	switch r := recover().(type) {
	case nil:
	case *fatal:
		*err = r
	default:
		panic(r)
	}
}
