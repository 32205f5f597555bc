package pybridge

import (
	"context"
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
	stats     *function // as a call of [Server.Stats]

	meters  meters
	traffic traffic
	clients atomic.Int64
}

// NewServer returns a server without functions.
func NewServer() *Server {
	s := &Server{functions: map[string]*function{}}
	s.stats = &function{name: statsName, call: reflect.ValueOf(s.Stats), meter: new(meter)}
	return s
}

// statsName is the function that Python's go.stats() calls. No name that is handled can be equal.
const statsName = ".stats"

// function is one that is served, looked at once.
type function struct {
	name, doc string
	call      reflect.Value
	context   bool           // its first parameter is a context
	params    []reflect.Type // the others
	fails     bool           // its last result is an error
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
// An array of [shm.New] that f returns is the caller's from then on, and closed here. Others of segments stay open, and the caller has
// the same elements; those in ordinary memory are copied.
//
// It panics with a [HandleError] for what is no such function, and for a name that Python can't call, or that is taken.
func (s *Server) Handle(name string, f any, doc ...string) {
	v := reflect.ValueOf(f)
	if v.Kind() != reflect.Func || v.IsNil() {
		panic(HandleError{name, fmt.Sprintf("expected a function, found %T", f)})
	}
	if !isIdentifier(name) || slices.Contains(reserved, name) {
		panic(HandleError{name, "expected a name that Python can call"})
	}
	t := v.Type()
	fn := &function{name: name, doc: strings.Join(doc, " "), call: v, meter: s.meters.of(name)}
	if t.IsVariadic() {
		panic(HandleError{name, "expected a fixed number of parameters"})
	}
	for i := range t.NumIn() {
		switch p := t.In(i); {
		case i == 0 && p == contextType:
			fn.context = true
		case p.Kind() == reflect.Chan || p.Kind() == reflect.Func || p.Kind() == reflect.UnsafePointer:
			panic(HandleError{name, fmt.Sprintf("no call can carry parameter %d, a %v", i, p)})
		default:
			fn.params = append(fn.params, p)
		}
	}
	fn.fails = t.NumOut() > 0 && t.Out(t.NumOut()-1) == errorType
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.functions[name] != nil {
		panic(HandleError{name, "expected a name that is free"})
	}
	s.functions[name] = fn
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
	for from global if import in is lambda nonlocal not or pass raise return try while with yield`), "close", "stats")

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
	t := f.call.Type()
	for i := range t.NumOut() {
		if r := t.Out(i); i < t.NumOut()-1 || !f.fails {
			results = append(results, typeName(r))
		}
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
	return t.String()
}

// described is a served function, as an introduction has it.
type described struct {
	Name    string   `json:"name"`
	Params  []string `json:"params,omitempty"` // their types
	Results []string `json:"results,omitempty"`
	Doc     string   `json:"doc,omitempty"`
}

func (s *Server) described() []described {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []described
	for _, f := range s.functions {
		params, results := f.types()
		all = append(all, described{f.name, params, results, f.doc})
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
	hint := ""
	if near := near.Names(name, names); len(near) > 0 {
		hint = "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return nil, is(shm.ErrNotExist, "no function %q%s", name, hint)
}

// appendResults appends what a function has returned. Temporary arrays in it are the other side's then, and closed.
func (s *Server) appendResults(dst []byte, results []reflect.Value) (out []byte, err error) {
	var temporary borrowed
	defer temporary.close()
	var carried cargo
	defer func() {
		if err != nil {
			carried.drop()
		}
	}()
	e := &wire.Encoder{Array: func(dst []byte, v any) ([]byte, bool, error) {
		if a, ok := v.(interface {
			Temporary() bool
			Close() error
		}); ok && a.Temporary() {
			temporary.closers = append(temporary.closers, a.Close)
		}
		out, ok, err := carried.append(dst, v)
		if ok && err == nil {
			s.traffic.count(v)
		}
		return out, ok, err
	}}
	if len(results) != 1 {
		if len(results) == 0 {
			return msgp.AppendNil(dst), nil
		}
		dst = msgp.AppendArrayHeader(dst, uint32(len(results)))
		e.Depth = 1
	}
	for i, r := range results {
		if dst, err = e.Append(dst, r.Interface()); err != nil {
			return dst, fmt.Errorf("result %d: %w", i, err)
		}
	}
	return dst, nil
}

// call runs the function of a message, and returns the message of its results.
func (s *Server) call(ctx context.Context, log logger, payload []byte) (answer []byte, err error) {
	of := measured{timed: log.timed()}
	answer, err = s.run(ctx, payload, &of)
	if of.function != nil {
		log.call(of.name, of.meter.end(of.begun, err), err)
	}
	return answer, err
}

// measured is a call from when its function was found.
type measured struct {
	*function
	begun time.Duration
	timed bool
}

// run is call, and says which function was found. Arrays among the results may be arguments, which are open until it returns.
func (s *Server) run(ctx context.Context, payload []byte, of *measured) (answer []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			answer, err = nil, &RemoteError{"panic", fmt.Sprint(r), string(debug.Stack())}
		}
	}()
	name, args, b, err := callHead(payload)
	if err != nil {
		return nil, err
	}
	left := args // that were not decoded: if this fails, nobody else opens the arrays in them
	defer func() {
		for ; left > 0; left-- {
			rest, failed := discard(b)
			if failed != nil {
				return
			}
			b = rest
		}
	}()
	f, err := s.find(name)
	if err != nil {
		return nil, err
	}
	of.function, of.begun = f, f.meter.begin(of.timed)
	if args != len(f.params) {
		return nil, is(ndarray.ErrDType, "expected %d arguments for %s%s, found %d", len(f.params), name, f.signature(), args)
	}
	arrays := borrowed{traffic: &s.traffic}
	defer arrays.close()
	inPlace := &wire.Decoder{Array: arrays.array, Depth: argumentDepth}
	var in []reflect.Value
	if f.context {
		in = append(in, reflect.ValueOf(ctx))
	}
	for i, t := range f.params {
		v := reflect.New(t)
		rest, err := inPlace.Decode(b, v.Interface())
		if err != nil {
			return nil, fmt.Errorf("argument %d of %s%s: %w", i+1, name, f.signature(), err)
		}
		b, left = rest, left-1
		in = append(in, v.Elem())
	}
	if n, _, err := msgp.ReadMapHeaderBytes(b); err != nil || n > 0 {
		return nil, is(ndarray.ErrDType, "expected no keyword arguments for %s%s, found %d", name, f.signature(), n)
	}
	results := f.call.Call(in)
	if f.fails {
		last := len(results) - 1
		if err, _ := results[last].Interface().(error); err != nil {
			return nil, err
		}
		results = results[:last]
	}
	return s.appendResults(nil, results)
}

// callHead reads the beginning of a call: the function's name, and how many positional arguments follow.
func callHead(b []byte) (name string, args int, rest []byte, err error) {
	n, b, err := msgp.ReadArrayHeaderBytes(b)
	if err == nil && n != 3 {
		err = fmt.Errorf("a call of %d parts", n)
	}
	if err == nil {
		name, b, err = msgp.ReadStringBytes(b)
	}
	if err == nil {
		n, b, err = msgp.ReadArrayHeaderBytes(b)
	}
	if err != nil {
		return "", 0, nil, fmt.Errorf("%w: %w", errBroken, err)
	}
	return name, int(n), b, nil
}
