package pybridge

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/shm"
)

// exposure is a type whose objects Python uses where they are.
type exposure struct {
	name, doc  string
	kind       string // of those that this package has
	typ        reflect.Type
	methods    map[string]*function // by their names in Python
	attributes map[string]int       // fields, likewise
	get, set   *function            // of an attribute
}

// functionExposure is the type of functions.
var functionExposure = &exposure{name: "function"}

// What methods of Go's are in Python beside themselves.
const (
	lengthMethod   = "Len"    // __len__
	sequenceMethod = "All"    // __iter__
	stringMethod   = "String" // __str__
)

// Expose makes a type's objects usable from Python, where they are: constructor is a function that returns one, and may return an error
// too. Python calls it by the name, and has of the object
//
//   - the exported methods, with names as Python has them: FitAll is fit_all. They are functions as [Server.Handle] takes; others
//     are left out;
//   - the exported fields of a struct, as attributes, to get and to set;
//   - len(object) by a method Len, a loop over it by All, which returns an iter.Seq or iter.Seq2, str(object) by String;
//   - with a method Close also "with object:".
//
// Where the constructor returns an interface, only its methods are exposed. Whatever other function of the server returns an object of the
// type gives it away in the same way, and any may have it as a parameter.
//
// An object is held as long as Python has proxies of it. When the last goes, or its process dies, and a constructor
// has made it, its method Close is called if it has one. Many goroutines may use it at once, and those that Python's threads
// cause do: it locks what has to be locked.
//
// doc is a line about the type that help shows; those that begin with a method's name and a colon are about that.
// Expose panics with a [HandleError] as Handle does, and for a type that is exposed already.
func (s *Server) Expose(name string, constructor any, doc ...string) {
	v := reflect.ValueOf(constructor)
	if v.Kind() != reflect.Func || v.IsNil() {
		panic(HandleError{name, fmt.Sprintf("expected a function that returns an object, found %T", constructor)})
	}
	fn, err := newFunction(name, v.Type())
	if err == nil && len(fn.results) != 1 {
		err = fmt.Errorf("expected a function that returns an object, found %v", v.Type())
	}
	if err != nil {
		panic(HandleError{name, err.Error()})
	}
	e, err := newExposure(name, fn.results[0], doc)
	if err != nil {
		panic(HandleError{name, err.Error()})
	}
	fn.call, fn.doc, fn.makes = v, e.doc, e
	s.mu.Lock()
	taken := slices.ContainsFunc(s.types, func(other *exposure) bool { return other.typ == e.typ })
	s.mu.Unlock()
	if taken {
		panic(HandleError{name, fmt.Sprintf("expected a type that is not exposed, found %v", e.typ)})
	}
	s.add(fn)
	s.expose(e)
}

func (s *Server) expose(e *exposure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.get, e.set = getAttribute.of(s, e), setAttribute.of(s, e)
	for name, fn := range e.methods {
		e.methods[name] = fn.of(s, e)
	}
	s.types = append(s.types, e)
}

// of returns a method of a type's, which is measured.
func (f *function) of(s *Server, e *exposure) *function {
	fn := *f
	fn.meter = s.meters.of(e.name + "." + fn.name)
	return &fn
}

func newExposure(name string, t reflect.Type, doc []string) (*exposure, error) {
	e := &exposure{name: name, typ: t, methods: map[string]*function{}, attributes: map[string]int{}}
	for i := range t.NumMethod() {
		m := t.Method(i)
		of := m.Type
		if t.Kind() != reflect.Interface { // whose methods have no receiver among their parameters
			of = withoutReceiver(of)
		}
		fn, err := newFunction(snake(m.Name), of)
		if err != nil {
			continue // Python has no use for it
		}
		fn.method = i
		e.methods[fn.name] = fn
		if special := specialName(m.Name, fn); special != "" {
			of := *fn
			of.name = special
			e.methods[special] = &of
		}
	}
	if t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct {
		for _, f := range reflect.VisibleFields(t.Elem()) {
			attribute := snake(f.Name)
			if f.IsExported() && len(f.Index) == 1 && !f.Anonymous && e.methods[attribute] == nil {
				e.attributes[attribute] = f.Index[0]
			}
		}
	}
	if len(e.methods) == 0 && len(e.attributes) == 0 {
		return nil, fmt.Errorf("expected a type with exported methods or fields, found %v", t)
	}
	for _, line := range doc {
		of, said, found := strings.Cut(line, ": ")
		if fn := e.methods[snake(of)]; found && fn != nil {
			fn.doc = said
		} else {
			e.doc = strings.TrimSpace(e.doc + " " + line)
		}
	}
	return e, nil
}

func withoutReceiver(t reflect.Type) reflect.Type {
	var in, out []reflect.Type
	for i := 1; i < t.NumIn(); i++ {
		in = append(in, t.In(i))
	}
	for i := range t.NumOut() {
		out = append(out, t.Out(i))
	}
	return reflect.FuncOf(in, out, t.IsVariadic())
}

// specialName returns the name that Python knows a method by which it calls itself, or "".
func specialName(name string, fn *function) string {
	switch {
	case len(fn.params) > 0 || len(fn.results) != 1:
	case name == lengthMethod && fn.results[0].Kind() == reflect.Int:
		return "__len__"
	case name == sequenceMethod && fn.items():
		return "__iter__"
	case name == stringMethod && fn.results[0].Kind() == reflect.String:
		return "__str__"
	}
	return ""
}

// snake returns an exported name as Python has it: "HTTPPort" is "http_port".
func snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, c := range runes {
		begins := i > 0 && unicode.IsUpper(c) && runes[i-1] != '_' &&
			(!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if begins {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(c))
	}
	if word := b.String(); slices.Contains(reserved[:len(reserved)-len(ofConnection)], word) {
		return word + "_"
	}
	return b.String()
}

// describedType is an exposed type, as an introduction has it.
type describedType struct {
	Name       string      `json:"name"`
	Kind       string      `json:"kind,omitempty"` // of those that this package has: "dict", "list", "namespace" or "queue"
	Doc        string      `json:"doc,omitempty"`
	Methods    []described `json:"methods,omitempty"`
	Attributes []described `json:"attributes,omitempty"` // whose results are their types
}

func (s *Server) describedTypes() []describedType {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []describedType
	for _, e := range s.types {
		d := describedType{Name: e.name, Kind: e.kind, Doc: e.doc}
		for _, name := range slices.Sorted(maps.Keys(e.methods)) {
			d.Methods = append(d.Methods, e.methods[name].described())
		}
		for _, name := range slices.Sorted(maps.Keys(e.attributes)) {
			d.Attributes = append(d.Attributes, described{Name: name, Results: []string{typeName(e.typ.Elem().Field(e.attributes[name]).Type)}})
		}
		all = append(all, d)
	}
	return all
}

// exposureOf returns what objects of a type are exposed as: it, or an interface that it has; nil where it is not.
func (s *Server) exposureOf(t reflect.Type) *exposure {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.types {
		if e.typ == t {
			return e
		}
	}
	for _, e := range s.types {
		if e.typ.Kind() == reflect.Interface && t.Implements(e.typ) {
			return e
		}
	}
	return nil
}

// method returns the function that a call of an object's method calls.
func (o *objects) method(of target) (*function, reflect.Value, error) {
	g, err := o.find(of.object)
	if err != nil {
		return nil, reflect.Value{}, err
	}
	if g.call != nil {
		if of.name == "__call__" {
			return g.call, g.value, nil
		}
		return nil, reflect.Value{}, noAttribute(g.typ, of.name)
	}
	switch of.name {
	case "__getattr__":
		return g.typ.get, reflect.ValueOf(g.get), nil
	case "__setattr__":
		return g.typ.set, reflect.ValueOf(func(name string, v *kept) error { return g.set(o.link, name, v) }), nil
	}
	fn := g.typ.methods[of.name]
	if fn == nil {
		return nil, reflect.Value{}, noAttribute(g.typ, of.name)
	}
	receiver := g.value
	if g.typ.typ.Kind() == reflect.Interface && receiver.Type() != g.typ.typ {
		receiver = receiver.Convert(g.typ.typ)
	}
	return fn, receiver.Method(fn.method), nil
}

func noAttribute(e *exposure, name string) error {
	names := append(slices.Collect(maps.Keys(e.methods)), slices.Collect(maps.Keys(e.attributes))...)
	return is(shm.ErrNotExist, "a %s has no %q%s", e.name, name, nearest(name, names))
}

var (
	getAttribute = must(newFunction("__getattr__", reflect.TypeFor[func(string) (any, error)]()))
	setAttribute = must(newFunction("__setattr__", reflect.TypeFor[func(string, *kept) error]()))
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// get returns the value of a field.
func (g *given) get(name string) (any, error) {
	i, ok := g.typ.attributes[name]
	if !ok {
		return nil, noAttribute(g.typ, name)
	}
	if g.value.IsNil() {
		return nil, errors.New("the object is nil")
	}
	return g.value.Elem().Field(i).Interface(), nil
}

// set sets a field. An array that it is set to is open from then on.
func (g *given) set(l *link, name string, v *kept) error {
	defer v.release()
	i, ok := g.typ.attributes[name]
	if !ok {
		return noAttribute(g.typ, name)
	}
	if g.value.IsNil() {
		return errors.New("the object is nil")
	}
	field := g.value.Elem().Field(i)
	into := reflect.New(field.Type()) // so that the field is set when all is well
	if err := v.into(l, into.Interface()); err != nil {
		return is(ndarray.ErrDType, "%s: %v", name, err)
	}
	field.Set(into.Elem())
	return nil
}
