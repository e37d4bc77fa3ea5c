package devserver

// OnPorts gives options under which f is told, before the server listens, on which ports
// it is about to: the frontend's, and that of another part.
func (o Options) OnPorts(f func(frontend, matching int)) Options {
	o.onPorts = func(p ports) { f(p.frontend, p.matching) }
	return o
}
