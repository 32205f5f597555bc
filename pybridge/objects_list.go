package pybridge

import (
	"fmt"
	"slices"
	"sync"
)

// sharedList is a list of Python's. Its exported methods are what Python calls. What they do not do, Python does on a snapshot, and
// swaps that in unless the list has changed meanwhile.
type sharedList struct {
	sharedBase
	mu      sync.Mutex
	items   []*kept
	version uint64 // changes with the list
}

func (o *Objects) newList() *sharedList {
	l := &sharedList{}
	o.add(&l.sharedBase, l, l.Clear)
	return l
}

// at returns an index of Python's as one of the items, which may be negative there.
func (l *sharedList) at(i int) (int, bool) {
	if i < 0 {
		i += len(l.items)
	}
	return i, i >= 0 && i < len(l.items)
}

// Get returns the item at an index, and whether there is one.
func (l *sharedList) Get(i int) (*kept, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, ok := l.at(i)
	if !ok {
		return nil, false
	}
	return l.items[i].use(), true
}

// Put replaces the item at an index, and reports whether there was one.
func (l *sharedList) Put(i int, v *kept) bool {
	l.mu.Lock()
	i, ok := l.at(i)
	if ok {
		v, l.items[i] = l.items[i], v
		l.version++
	}
	l.mu.Unlock()
	v.release()
	return ok
}

// Append adds an item at the end.
func (l *sharedList) Append(v *kept) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.items = append(l.items, v)
	l.version++
}

// Extend adds the items of a list at the end.
func (l *sharedList) Extend(v *kept) error {
	parts, err := listOf(v)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.items = append(l.items, parts...)
	l.version++
	return nil
}

// Insert adds an item before an index, or at an end if that is beyond it.
func (l *sharedList) Insert(i int, v *kept) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i < 0 {
		i = max(i+len(l.items), 0)
	}
	l.items = slices.Insert(l.items, min(i, len(l.items)), v)
	l.version++
}

// Pop takes the item at an index away, and returns it and whether there was one.
func (l *sharedList) Pop(i int) (*kept, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, ok := l.at(i)
	if !ok {
		return nil, false
	}
	v := l.items[i]
	l.items = slices.Delete(l.items, i, i+1)
	l.version++
	return v, true
}

// Snapshot returns the version and all items.
func (l *sharedList) Snapshot() (uint64, *kept) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.version, together(l.items)
}

// Swap replaces all items, and reports whether the list still had that version.
func (l *sharedList) Swap(version uint64, v *kept) (bool, error) {
	parts, err := listOf(v)
	if err != nil {
		return false, err
	}
	l.mu.Lock()
	old := l.items
	same := l.version == version
	if same {
		l.items = parts
		l.version++
	} else {
		old = parts
	}
	l.mu.Unlock()
	releaseAll(old)
	return same, nil
}

// Len returns the number of items.
func (l *sharedList) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.items)
}

// Clear takes all items away.
func (l *sharedList) Clear() {
	l.mu.Lock()
	old := l.items
	l.items = nil
	l.version++
	l.mu.Unlock()
	releaseAll(old)
}

// List is a list that this program shares with Python programs. All its methods may be called from many goroutines. An index may be
// negative, as in Python: -1 is the last item's.
type List struct{ l *sharedList }

// Get stores the item at an index in what out points to, and reports whether there is one. Types are as in calls: [Pool.Call].
func (l *List) Get(i int, out any) (bool, error) {
	v, found := l.l.Get(i)
	if !found {
		return false, nil
	}
	if err := v.moveTo(out); err != nil {
		return false, fmt.Errorf("pybridge: get %d: %w", i, err)
	}
	return true, nil
}

// Set replaces the item at an index, and reports whether there was one. Arrays of segments in it stay where they are; others are copied.
func (l *List) Set(i int, value any) (bool, error) {
	v, err := keptOf(value)
	if err != nil {
		return false, fmt.Errorf("pybridge: set %d: %w", i, err)
	}
	return l.l.Put(i, v), nil
}

// Append adds an item at the end. Arrays are as in Set.
func (l *List) Append(value any) error {
	v, err := keptOf(value)
	if err != nil {
		return fmt.Errorf("pybridge: append: %w", err)
	}
	l.l.Append(v)
	return nil
}

// Delete takes the item at an index away, and reports whether there was one. Later items move up.
func (l *List) Delete(i int) bool {
	v, found := l.l.Pop(i)
	v.release()
	return found
}

// Values stores all items, of one moment, in the slice that out points to.
func (l *List) Values(out any) error {
	_, all := l.l.Snapshot()
	if err := all.moveTo(out); err != nil {
		return fmt.Errorf("pybridge: values: %w", err)
	}
	return nil
}

// Len returns the number of items.
func (l *List) Len() int { return l.l.Len() }
