package pybridge

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/pybridge/internal/wire"
	"github.com/samebytes/samebytes/shm"
)

// Objects is the dicts, lists, namespaces and queues that a [Server] keeps for Python programs: what multiprocessing's SyncManager
// does, among programs that need not know of one another. [Server.Objects] returns it.
//
// Python has them as Dict, List, Namespace and Queue, which make new ones, and by names as dict(name) and so on. Their values are what
// calls carry; arrays in them stay where they are, in their segments. One without a name goes with the last that has
// it; those with names stay as long as the server.
type Objects struct {
	mu    sync.Mutex
	all   map[uint64]sharedObject // that somebody has
	named map[string]sharedObject // by kind and name
}

// sharedObject is one of them. It has the same number for all clients, by which one hands it to another.
type sharedObject interface {
	number() uint64
	retain()
	leave()
	empty()
}

// sharedBase is what they have in common.
type sharedBase struct {
	objects *Objects
	id      uint64
	users   atomic.Int64 // connections, names and values that have it
	clear   func()       // lets its values go
}

func (b *sharedBase) number() uint64 { return b.id }
func (b *sharedBase) retain()        { b.users.Add(1) }
func (b *sharedBase) empty()         { b.clear() }
func (b *sharedBase) leave() {
	if b.users.Add(-1) > 0 {
		return
	}
	b.objects.mu.Lock()
	over := b.users.Load() <= 0
	if over {
		delete(b.objects.all, b.id)
	}
	b.objects.mu.Unlock()
	if over {
		b.clear()
	}
}

// Objects makes the server serve dicts, lists, namespaces and queues. It panics with a [HandleError] where one of the names Dict, List,
// Namespace, Queue, named_object and adopted_object is taken.
func (s *Server) Objects() *Objects {
	s.mu.Lock()
	o := s.objects
	s.mu.Unlock()
	if o != nil {
		return o
	}
	o = &Objects{all: map[uint64]sharedObject{}, named: map[string]sharedObject{}}
	for _, of := range []struct {
		kind, doc string
		make      any
	}{
		{"Dict", "A dict that programs share.", o.newDict},
		{"List", "A list that programs share.", o.newList},
		{"Namespace", "Attributes that programs share.", o.newNamespace},
		{"Queue", "A queue that programs share: of at most so many items, if that is not 0.", o.newQueue},
	} {
		s.Expose(of.kind, of.make, of.doc)
		s.types[len(s.types)-1].kind = strings.ToLower(of.kind)
	}
	s.Handle("named_object", o.get, "The shared object of a kind and a name, which is made if there is none: of a queue with its size.")
	s.Handle("adopted_object", o.adopt, "A shared object that another program has, by its number.")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects = o
	return o
}

// add notes a new object.
func (o *Objects) add(b *sharedBase, it sharedObject, clear func()) {
	b.objects, b.id, b.clear = o, lastObject.Add(1), clear
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all[b.id] = it
}

// Close empties all of them, and lets the arrays go that they have: before the program ends, since an array that it leaves open stays until
// something looks for it. It always returns nil.
func (o *Objects) Close() error {
	o.mu.Lock()
	all := slices.Collect(maps.Values(o.all))
	o.mu.Unlock()
	for _, it := range all {
		it.empty()
	}
	return nil
}

// get returns the object of a name.
func (o *Objects) get(kind, name string, size int) (any, error) {
	if err := shm.CheckName(name); err != nil {
		return nil, err
	}
	o.mu.Lock()
	it := o.named[kind+" "+name]
	o.mu.Unlock()
	if it != nil {
		return it, nil
	}
	switch kind {
	case "dict":
		it = o.newDict()
	case "list":
		it = o.newList()
	case "namespace":
		it = o.newNamespace()
	case "queue":
		it = o.newQueue(size)
	default:
		return nil, is(shm.ErrNotExist, "no shared objects of kind %q: there are dict, list, namespace and queue", kind)
	}
	it.retain() // for its name
	o.mu.Lock()
	other := o.named[kind+" "+name]
	if other == nil {
		o.named[kind+" "+name] = it
	}
	o.mu.Unlock()
	if other != nil {
		it.leave()
		return other, nil
	}
	return it, nil
}

func (o *Objects) adopt(number uint64) (any, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if it := o.all[number]; it != nil {
		return it, nil
	}
	return nil, is(shm.ErrClosed, "nobody has the shared object %d any more", number)
}

// keptOf returns a value of this program's to keep, as it would arrive in a call.
func keptOf(v any) (*kept, error) {
	message, err := (&wire.Encoder{Array: appendArray, Depth: 1}).Append(nil, v)
	if err != nil {
		return nil, err
	}
	k := newKept(nil)
	k.traffic = new(traffic) // which nobody reads
	d := &wire.Decoder{Array: k.array, Depth: 1}
	if k.value, _, err = d.DecodeAny(message); err != nil {
		k.release()
		return nil, err
	}
	return k, nil
}

// moveTo stores the value in what out points to, and releases it.
func (k *kept) moveTo(out any) error {
	defer k.release()
	message, err := (&wire.Encoder{Array: appendArray, Depth: 1, Object: func(dst []byte, v any) ([]byte, bool, error) {
		if _, ok := v.(sharedObject); ok {
			return dst, true, is(ndarray.ErrDType, "expected a value, found a shared object")
		}
		return dst, false, nil
	}}).Append(nil, k.value)
	if err != nil {
		return err
	}
	var uncounted traffic
	_, err = (&wire.Decoder{Array: uncounted.openArray, Depth: 1}).Decode(message, out)
	if err != nil {
		discard(message, gone)
	}
	return err
}

// keyOf returns what a key is found by.
func keyOf(v any) (any, error) {
	switch v.(type) {
	case nil, bool, int64, uint64, float64, string:
	default:
		return nil, is(ndarray.ErrDType, "expected a key that is a string, a number, a bool or nil, found %v", reflect.TypeOf(v))
	}
	if f, ok := v.(float64); ok && f != f {
		return nil, is(ndarray.ErrDType, "expected a key that equals itself, found NaN")
	}
	return wire.Key(v), nil
}

// listOf returns the items of a list that was given, each as a part.
func listOf(k *kept) ([]*kept, error) {
	defer k.release()
	items, ok := k.value.([]any)
	if !ok {
		return nil, is(ndarray.ErrDType, "expected a list, found %v", reflect.TypeOf(k.value))
	}
	parts := make([]*kept, len(items))
	for i, item := range items {
		parts[i] = k.part(item)
	}
	return parts, nil
}

// together returns the values as one list.
func together(parts []*kept) *kept {
	values := make([]any, len(parts))
	for i, part := range parts {
		values[i] = part.use().value
	}
	return joined(values, parts)
}

func releaseAll(parts []*kept) {
	for _, part := range parts {
		part.release()
	}
}

// Dict returns the dict of a name, for this program.
func (o *Objects) Dict(name string) (*Dict, error) {
	it, err := o.get("dict", name, 0)
	if err != nil {
		return nil, fmt.Errorf("pybridge: dict: %w", err)
	}
	return &Dict{it.(*sharedDict)}, nil
}

// Namespace returns the namespace of a name, for this program: as a dict whose keys are the names of attributes.
func (o *Objects) Namespace(name string) (*Dict, error) {
	it, err := o.get("namespace", name, 0)
	if err != nil {
		return nil, fmt.Errorf("pybridge: namespace: %w", err)
	}
	return &Dict{&it.(*sharedNamespace).sharedDict}, nil
}

// List returns the list of a name, for this program.
func (o *Objects) List(name string) (*List, error) {
	it, err := o.get("list", name, 0)
	if err != nil {
		return nil, fmt.Errorf("pybridge: list: %w", err)
	}
	return &List{it.(*sharedList)}, nil
}

// Queue returns the queue of a name, for this program. A new one holds so many items, or any number if that is 0.
func (o *Objects) Queue(name string, size int) (*Queue, error) {
	it, err := o.get("queue", name, size)
	if err != nil {
		return nil, fmt.Errorf("pybridge: queue: %w", err)
	}
	return &Queue{it.(*sharedQueue)}, nil
}
