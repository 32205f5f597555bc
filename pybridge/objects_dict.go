package pybridge

import (
	"container/list"
	"fmt"
	"sync"

	"github.com/samebytes/samebytes/ndarray"
)

// sharedDict is a dict of Python's, in the order in which keys were added. Its exported methods are what Python calls.
type sharedDict struct {
	sharedBase
	mu      sync.Mutex
	entries map[any]*list.Element // by keyOf
	order   list.List
}

type entry struct {
	key   any
	value *kept
}

// sharedNamespace is a dict that Python has as attributes.
type sharedNamespace struct{ sharedDict }

func (o *Objects) newDict() *sharedDict {
	d := &sharedDict{entries: map[any]*list.Element{}}
	o.add(&d.sharedBase, d, d.Clear)
	return d
}

func (o *Objects) newNamespace() *sharedNamespace {
	n := &sharedNamespace{sharedDict{entries: map[any]*list.Element{}}}
	o.add(&n.sharedBase, n, n.Clear)
	return n
}

// Get returns the value of a key, and whether there is one.
func (d *sharedDict) Get(key any) (*kept, bool, error) {
	k, err := keyOf(key)
	if err != nil {
		return nil, false, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if e := d.entries[k]; e != nil {
		return e.Value.(*entry).value.use(), true, nil
	}
	return nil, false, nil
}

// Put gives a key a value.
func (d *sharedDict) Put(key any, v *kept) error {
	k, err := keyOf(key)
	if err != nil {
		v.release()
		return err
	}
	d.mu.Lock()
	old := d.put(k, key, v)
	d.mu.Unlock()
	old.release()
	return nil
}

// put returns the value that was there.
func (d *sharedDict) put(k, key any, v *kept) (old *kept) {
	if e := d.entries[k]; e != nil {
		of := e.Value.(*entry)
		old, of.value = of.value, v
		return old
	}
	d.entries[k] = d.order.PushBack(&entry{key, v})
	return nil
}

// Update gives many keys values: a list of keys and values, alternately.
func (d *sharedDict) Update(pairs *kept) error {
	parts, err := listOf(pairs)
	if err == nil && len(parts)%2 != 0 {
		err = is(ndarray.ErrDType, "expected keys and values, found %d of both", len(parts))
	}
	keys := make([]any, 0, len(parts)/2)
	for i := 0; i < len(parts) && err == nil; i += 2 {
		var k any
		k, err = keyOf(parts[i].value)
		keys = append(keys, k)
	}
	if err != nil {
		releaseAll(parts)
		return err
	}
	var old []*kept
	d.mu.Lock()
	for i, k := range keys {
		old = append(old, parts[2*i], d.put(k, parts[2*i].value, parts[2*i+1]))
	}
	d.mu.Unlock()
	releaseAll(old)
	return nil
}

// SetDefault returns the value of a key, which is v if there was none.
func (d *sharedDict) SetDefault(key any, v *kept) (*kept, error) {
	k, err := keyOf(key)
	if err != nil {
		v.release()
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if e := d.entries[k]; e != nil {
		v.release()
		return e.Value.(*entry).value.use(), nil
	}
	d.put(k, key, v.use())
	return v, nil
}

// Pop takes a key away, and returns its value and whether it was there.
func (d *sharedDict) Pop(key any) (*kept, bool, error) {
	k, err := keyOf(key)
	if err != nil {
		return nil, false, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.entries[k]
	if e == nil {
		return nil, false, nil
	}
	delete(d.entries, k)
	return d.order.Remove(e).(*entry).value, true, nil
}

// Delete takes a key away, and reports whether it was there.
func (d *sharedDict) Delete(key any) (bool, error) {
	v, found, err := d.Pop(key)
	v.release()
	return found, err
}

// PopItem takes away the last that was added: [[key, value]], or nothing.
func (d *sharedDict) PopItem() *kept {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.order.Back()
	if e == nil {
		return newKept([]any{})
	}
	of := d.order.Remove(e).(*entry)
	if k, err := keyOf(of.key); err == nil { // as it was when it was added
		delete(d.entries, k)
	}
	return joined([]any{[]any{of.key, of.value.value}}, []*kept{of.value})
}

// Contains reports whether there is a key.
func (d *sharedDict) Contains(key any) (bool, error) {
	k, err := keyOf(key)
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.entries[k] != nil && err == nil, err
}

// Items returns [key, value] of all.
func (d *sharedDict) Items() *kept {
	d.mu.Lock()
	defer d.mu.Unlock()
	var items []any
	var parts []*kept
	for e := d.order.Front(); e != nil; e = e.Next() {
		of := e.Value.(*entry)
		items = append(items, []any{of.key, of.value.use().value})
		parts = append(parts, of.value)
	}
	return joined(items, parts)
}

// Keys returns all keys.
func (d *sharedDict) Keys() []any {
	d.mu.Lock()
	defer d.mu.Unlock()
	var keys []any
	for e := d.order.Front(); e != nil; e = e.Next() {
		keys = append(keys, e.Value.(*entry).key)
	}
	return keys
}

// Len returns the number of keys.
func (d *sharedDict) Len() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.entries)
}

// Clear takes all keys away.
func (d *sharedDict) Clear() {
	d.mu.Lock()
	var old []*kept
	for _, e := range d.entries {
		old = append(old, e.Value.(*entry).value)
	}
	clear(d.entries)
	d.order.Init()
	d.mu.Unlock()
	releaseAll(old)
}

// Dict is a dict that this program shares with Python programs. All its methods may be called from many goroutines.
type Dict struct{ d *sharedDict }

// Get stores the value of a key in what out points to, and reports whether there is one. Types are as in calls: [Pool.Call].
func (d *Dict) Get(key, out any) (bool, error) {
	k, err := plainKey(key)
	if err == nil {
		var v *kept
		var found bool
		if v, found, err = d.d.Get(k); err == nil && !found {
			return false, nil
		}
		if err == nil {
			err = v.moveTo(out)
		}
	}
	if err != nil {
		return false, fmt.Errorf("pybridge: get %v: %w", key, err)
	}
	return true, nil
}

// Set gives a key a value. Arrays of segments in it stay where they are; others are copied.
func (d *Dict) Set(key, value any) error {
	k, err := plainKey(key)
	if err == nil {
		var v *kept
		if v, err = keptOf(value); err == nil {
			err = d.d.Put(k, v)
		}
	}
	if err != nil {
		return fmt.Errorf("pybridge: set %v: %w", key, err)
	}
	return nil
}

// Delete takes a key away, and reports whether it was there.
func (d *Dict) Delete(key any) (bool, error) {
	k, err := plainKey(key)
	if err == nil {
		var found bool
		if found, err = d.d.Delete(k); err == nil {
			return found, nil
		}
	}
	return false, fmt.Errorf("pybridge: delete %v: %w", key, err)
}

// Len returns the number of keys.
func (d *Dict) Len() int { return d.d.Len() }

// Keys returns the keys in the order in which they were added: nil, bool, int64, uint64, float64 or string.
func (d *Dict) Keys() []any { return d.d.Keys() }

// plainKey returns a key of Go's as it arrives from Python.
func plainKey(key any) (any, error) {
	k, err := keptOf(key)
	if err != nil {
		return nil, err
	}
	defer k.release()
	return k.value, nil
}
