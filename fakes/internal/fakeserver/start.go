package fakeserver

// Fake is a fake registry: a [Base] and what embeds it.
type Fake interface {
	Up() error
	Close()
}

// TB is what [StartTest] needs of a test or a benchmark: *testing.T and
// *testing.B have it.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// Start makes a fake and lets it listen.
func Start[F Fake](open func() (F, error)) (F, error) {
	var none F
	fake, err := open()
	if err != nil {
		return none, err
	}
	if err := fake.Up(); err != nil {
		fake.Close()
		return none, err
	}
	return fake, nil
}

// StartTest is [Start] for a test: it fails t on an error, and closes the fake
// when t ends.
func StartTest[F Fake](t TB, open func() (F, error)) F {
	t.Helper()
	fake, err := Start(open)
	if err != nil {
		t.Fatalf("%v", err)
		return fake
	}
	t.Cleanup(fake.Close)
	return fake
}
