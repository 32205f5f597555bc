package pybridge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/samebytes/samebytes/internal/near"
	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/pybridge/internal/wire"
	"github.com/samebytes/samebytes/shm"
)

// Server serves functions of this program to Python. Make one with [NewServer]. All its methods may be called from many
// goroutines.
type Server struct {
	// Grace is how long calls that are under way may go on when the server is to end; then their contexts end. And it is how long
	// functions may take to return when their contexts have ended: the server does not wait longer. By default it is a second.
	// It must not change while the server serves.
	Grace time.Duration

	// Log is told of clients that come and go, and of calls that take longer than Slow, by default a second. Without it nothing is
	// logged. Neither may change while the server serves.
	Log  *slog.Logger
	Slow time.Duration

	mu        sync.Mutex
	functions map[string]*function
	types     []*exposure // in the order in which they were exposed
	objects   *Objects
	stats     *function // as a call of [Server.Stats]

	meters  meters
	traffic traffic
	clients atomic.Int64
}

// NewServer returns a server without functions.
func NewServer() *Server {
	s := &Server{functions: map[string]*function{}}
	s.stats = must(newFunction(statsName, reflect.TypeOf(s.Stats)))
	s.stats.call, s.stats.meter = reflect.ValueOf(s.Stats), new(meter)
	return s
}

// statsName is the function that Python's go.stats() calls. No name that is handled can be equal.
const statsName = ".stats"

// function is one that is served, looked at once.
type function struct {
	name, doc string
	call      reflect.Value  // of a method invalid: it is the object's
	method    int            // which it is then
	context   bool           // its first parameter is a context
	params    []reflect.Type // the others
	results   []reflect.Type // but for the last error
	fails     bool           // its last result is an error
	makes     *exposure      // what its result is new of
	meter     *meter
}

var (
	contextType = reflect.TypeFor[context.Context]()
	errorType   = reflect.TypeFor[error]()
)

// HandleError is the value of the panic of [Server.Handle] for what cannot be served.
type HandleError struct{ Name, Reason string }

func (e HandleError) Error() string { return fmt.Sprintf("pybridge: handle %q: %s", e.Name, e.Reason) }

// Handle serves f under a name, with a line that Python's help shows. f is a function whose parameters, after a [context.Context] if
// it wants one, are values as calls carry them, and whose last result may be an error. Several other results arrive as a list.
//
// Array parameters may be *[ndarray.Array], *[shm.Array] or *[ndarray.Any]: they are the caller's own elements, or of a copy that
// the caller made, until f returns. It may be called by many goroutines at once. Its context ends when the caller gives the call
// up, or ends itself. A panic of f is an error for the caller, also one for a write to an array that the caller may only read.
//
// An array of [shm.New] that f returns is the caller's from then on, and closed here, also beside an error. Others of segments stay open, and the caller has
// the same elements; those in ordinary memory are copied.
//
// It panics with a [HandleError] for what is no such function, and for a name that Python can't call, or that is taken.
func (s *Server) Handle(name string, f any, doc ...string) {
	v := reflect.ValueOf(f)
	if v.Kind() != reflect.Func || v.IsNil() {
		panic(HandleError{name, fmt.Sprintf("expected a function, found %T", f)})
	}
	fn, err := newFunction(name, v.Type())
	if err != nil {
		panic(HandleError{name, err.Error()})
	}
	fn.call, fn.doc = v, strings.Join(doc, " ")
	s.add(fn)
}

// add adds a function.
func (s *Server) add(fn *function) {
	if !isIdentifier(fn.name) || slices.Contains(reserved, fn.name) {
		panic(HandleError{fn.name, "expected a name that Python can call"})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.functions[fn.name] != nil {
		panic(HandleError{fn.name, "expected a name that is free"})
	}
	fn.meter = s.meters.of(fn.name)
	s.functions[fn.name] = fn
}

// newFunction looks at the type of a function, or of a method of an object.
func newFunction(name string, t reflect.Type) (*function, error) {
	fn := &function{name: name}
	if t.IsVariadic() {
		return nil, errors.New("expected a fixed number of parameters")
	}
	for i := range t.NumIn() {
		switch p := t.In(i); {
		case i == 0 && p == contextType:
			fn.context = true
		case p.Kind() == reflect.Func && isCallable(p):
			fn.params = append(fn.params, p)
		case p.Kind() == reflect.Chan || p.Kind() == reflect.Func || p.Kind() == reflect.UnsafePointer:
			return nil, fmt.Errorf("no call can carry parameter %d, a %v", i, p)
		default:
			fn.params = append(fn.params, p)
		}
	}
	fn.fails = t.NumOut() > 0 && t.Out(t.NumOut()-1) == errorType
	for i := range t.NumOut() {
		if i < t.NumOut()-1 || !fn.fails {
			fn.results = append(fn.results, t.Out(i))
		}
	}
	return fn, nil
}

func isIdentifier(name string) bool {
	for i, c := range name {
		if !(c == '_' && i > 0 || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || i > 0 && '0' <= c && c <= '9') {
			return false
		}
	}
	return name != ""
}

// reserved are identifiers that no function can have in Python: its keywords, and what a connection has itself.
var reserved = append(strings.Fields(`False None True and as assert async await break class continue def del elif else except finally
	for from global if import in is lambda nonlocal not or pass raise return try while with yield`), ofConnection...)

var ofConnection = []string{"close", "stats"}

// signature returns the parameters and results as Go writes them.
func (f *function) signature() string {
	params, results := f.types()
	text := "(" + strings.Join(params, ", ") + ")"
	if len(results) > 0 {
		text += " -> " + strings.Join(results, ", ")
	}
	return text
}

// types returns the names of the types of the parameters and results.
func (f *function) types() (params, results []string) {
	for _, p := range f.params {
		params = append(params, typeName(p))
	}
	for _, r := range f.results {
		results = append(results, typeName(r))
	}
	return params, results
}

// typeName returns a type's name, of arrays as "array[float64]".
func typeName(t reflect.Type) string {
	if t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct {
		if name := t.Elem().Name(); strings.HasPrefix(name, "Array[") {
			return "array" + strings.TrimPrefix(name, "Array")
		} else if t == reflect.TypeFor[*ndarray.Any]() {
			return "array"
		}
	}
	return strings.ReplaceAll(t.String(), "interface {}", "any")
}

// described is a served function, as an introduction has it.
type described struct {
	Name    string   `json:"name"`
	Params  []string `json:"params,omitempty"` // their types
	Results []string `json:"results,omitempty"`
	Doc     string   `json:"doc,omitempty"`
	Items   bool     `json:"items,omitempty"` // what it returns is items, one after the other
}

func (f *function) described() described {
	params, results := f.types()
	return described{f.name, params, results, f.doc, f.items()}
}

// items reports whether its result is a sequence.
func (f *function) items() bool {
	return len(f.results) == 1 && isSequence(f.results[0])
}

func (s *Server) described() []described {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []described
	for _, f := range s.functions {
		all = append(all, f.described())
	}
	slices.SortFunc(all, func(a, b described) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func (s *Server) find(name string) (*function, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.functions[name]; f != nil {
		return f, nil
	}
	if name == statsName {
		return s.stats, nil
	}
	var names []string
	for name := range s.functions {
		names = append(names, name)
	}
	return nil, is(shm.ErrNotExist, "no function %q%s", name, nearest(name, names))
}

// nearest returns a hint at the names that come near.
func nearest(name string, names []string) string {
	if near := near.Names(name, names); len(near) > 0 {
		return "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return ""
}

// appendResults appends what a function has returned. Temporary arrays in it are the other side's then, and closed.
func (l *link) appendResults(dst []byte, results []reflect.Value) (out []byte, err error) {
	if len(results) == 0 {
		return msgp.AppendNil(dst), nil
	}
	var temporary borrowed
	defer temporary.close()
	var carried cargo
	defer func() {
		if err != nil {
			carried.takeBack()
		}
	}()
	l.sending.Lock() // which the encoder is for who has
	defer func() {
		carried = l.cargo.take()
		l.sending.Unlock()
	}()
	e := l.encoder
	e.Depth = 0
	e.Array = func(dst []byte, v any) ([]byte, bool, error) {
		if a, ok := v.(interface {
			Temporary() bool
			Close() error
		}); ok && a.Temporary() {
			temporary.closers = append(temporary.closers, a.Close)
		}
		return l.appendArray(dst, v)
	}
	if len(results) != 1 {
		dst = msgp.AppendArrayHeader(dst, uint32(len(results)))
		e.Depth = 1
	}
	for i, r := range results {
		if k, ok := r.Interface().(*kept); ok && k != nil {
			temporary.closers = append(temporary.closers, func() error { k.release(); return nil })
			if dst, err = e.Append(dst, k.value); err != nil {
				return dst, err
			}
			continue
		}
		if dst, err = e.Append(dst, r.Interface()); err != nil {
			return dst, fmt.Errorf("result %d: %w", i, err)
		}
	}
	return dst, nil
}

// letGo closes the temporary arrays among what a function has returned beside an error, as where that is sent.
func (l *link) letGo(results []reflect.Value) {
	defer func() { recover() }() // of a result that is not meant to be read; the error counts
	if b, err := l.appendResults(nil, results); err == nil {
		l.takeBack(b)
	}
}

// call runs the function of a call, and returns the message of its results.
func (s *Server) call(ctx context.Context, l *link, log logger, head callHead, to items) (answer []byte, err error) {
	m := measured{log: log}
	defer func() { m.end(err) }() // also where the function ends its goroutine
	err = errGoexit
	answer, err = s.run(ctx, l, head, to, &m)
	return answer, readable(err) // who logs it reads it
}

// run is call, and begins to measure when the function was found. Arrays among the results may be arguments, which are open until it
// returns.
func (s *Server) run(ctx context.Context, l *link, head callHead, to items, m *measured) (answer []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			answer = nil
			if failed, ok := r.(callbackError); ok {
				err = failed.error
			} else {
				err = &RemoteError{panicType, fmt.Sprint(r), string(debug.Stack())}
			}
		}
	}()
	of, args, b, err := callTarget(head.value)
	if err != nil {
		return nil, err
	}
	held := borrowed{traffic: l.traffic}
	left := args // that were not decoded: if this fails, nobody else opens the arrays and objects in them
	defer func() {
		for ; left > 0; left-- {
			after, failed := discard(b, l.objects.dropAfter(&held.objects))
			if failed != nil {
				return
			}
			b = after
		}
	}()
	f, call, err := s.lookUp(l, of)
	if err != nil {
		return nil, err
	}
	m.begin(f.name, f.meter)
	if args != len(f.params) {
		return nil, is(ndarray.ErrDType, "expected %s for %s%s, found %d", arguments(len(f.params)), f.name, f.signature(), args)
	}
	defer held.close()
	inPlace := wire.Decoder{Array: held.array, Object: l.objects.opener(ctx, &held.objects, &held), Depth: argumentDepth}
	var in []reflect.Value
	if f.context {
		in = append(in, reflect.ValueOf(ctx))
	}
	for i, t := range f.params {
		v := reflect.New(t)
		held.objects = 0
		var rest []byte
		if t == keptType {
			rest, err = decodeKept(l, b, v.Interface().(**kept), &held.objects)
		} else {
			rest, err = inPlace.Decode(b, v.Interface())
		}
		if err != nil {
			return nil, fmt.Errorf("argument %d of %s%s: %w", i+1, f.name, f.signature(), err)
		}
		b, left, held.objects = rest, left-1, 0
		in = append(in, v.Elem())
	}
	if len(b) > 0 {
		n, _, err := msgp.ReadMapHeaderBytes(b)
		if err != nil {
			return nil, fmt.Errorf("%w: keyword arguments: %w", errBroken, err)
		}
		if n > 0 {
			return nil, is(ndarray.ErrDType, "expected no keyword arguments for %s%s, found %d", f.name, f.signature(), n)
		}
	}
	results := call.Call(in)
	if f.fails {
		last := len(results) - 1
		err, _ := results[last].Interface().(error)
		results = results[:last]
		if err != nil {
			if !f.items() && f.makes == nil {
				l.letGo(results)
			}
			return nil, err
		}
	}
	switch {
	case f.items():
		return msgp.AppendNil(nil), to.send(ctx, results[0])
	case f.makes != nil:
		return l.objects.appendMade(nil, results[0], f.makes)
	}
	return l.appendResults(nil, results)
}

func arguments(n int) string {
	if n == 1 {
		return "1 argument"
	}
	return fmt.Sprintf("%d arguments", n)
}

// lookUp returns what a call calls.
func (s *Server) lookUp(l *link, of target) (*function, reflect.Value, error) {
	if of.object != 0 {
		return l.objects.method(of)
	}
	f, err := s.find(of.name)
	if err != nil {
		return nil, reflect.Value{}, err
	}
	return f, f.call, nil
}

// callTarget reads the beginning of a call: what is called, and how many positional arguments follow.
func callTarget(b []byte) (of target, args int, rest []byte, err error) {
	n, b, err := msgp.ReadArrayHeaderBytes(b)
	if err == nil && n != 2 && n != 3 {
		err = fmt.Errorf("a call of %d parts", n)
	}
	if err == nil && msgp.NextType(b) == msgp.ArrayType {
		if n, b, err = msgp.ReadArrayHeaderBytes(b); err == nil && n != 2 {
			err = fmt.Errorf("a method of %d parts", n)
		}
		if err == nil {
			of.object, b, err = msgp.ReadUint64Bytes(b)
		}
	}
	if err == nil {
		of.name, b, err = msgp.ReadStringBytes(b)
	}
	if err == nil {
		n, b, err = msgp.ReadArrayHeaderBytes(b)
	}
	if err != nil {
		return of, 0, nil, fmt.Errorf("%w: %w", errBroken, err)
	}
	return of, int(n), b, nil
}
