package wire

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// field is one of a struct's that calls carry, also of those embedded in it.
type field struct {
	name      string // the key
	index     []int  // as reflect.Value.FieldByIndex takes it
	omitEmpty bool
}

// fields are a struct's.
type fields struct {
	all    []field
	byName map[string]int // position in all
	err    error          // why values of the type cannot be carried
}

func (f *fields) names() []string {
	names := make([]string, len(f.all))
	for i := range f.all {
		names[i] = f.all[i].name
	}
	return names
}

var fieldsByType sync.Map // of *fields by reflect.Type

// fieldsOf returns the fields of a type of structs.
//
// A field's key is what its tag msgpack says, else its tag json, else its name; "-" leaves it out, and ",omitempty" where
// it is empty. What is embedded without a key has its fields taken for the struct's own; of two of a name the less deep is meant.
func fieldsOf(t reflect.Type) *fields {
	if known, ok := fieldsByType.Load(t); ok {
		return known.(*fields)
	}
	found := collect(t, nil, nil)
	f := &fields{byName: map[string]int{}}
	slices.SortStableFunc(found, func(a, b field) int { return len(a.index) - len(b.index) })
	for _, x := range found {
		at, taken := f.byName[x.name]
		switch {
		case !taken:
			f.byName[x.name] = len(f.all)
			f.all = append(f.all, x)
		case len(f.all[at].index) == len(x.index):
			f.err = fmt.Errorf("expected a value that calls carry, found %v, which has two fields of the key %q", t, x.name)
		}
	}
	slices.SortFunc(f.all, func(a, b field) int { return slices.Compare(a.index, b.index) })
	for i, x := range f.all {
		f.byName[x.name] = i
	}
	if len(f.all) == 0 && t.NumField() > 0 {
		f.err = fmt.Errorf("expected a value that calls carry, found %v, which has no exported fields", t)
	}
	known, _ := fieldsByType.LoadOrStore(t, f)
	return known.(*fields)
}

// collect returns the fields of a struct at index in the outermost, also those that others hide. within are the structs around it.
func collect(t reflect.Type, index []int, within []reflect.Type) []field {
	var found []field
	within = append(slices.Clone(within), t)
	for i := range t.NumField() {
		sf := t.Field(i)
		tag, ok := sf.Tag.Lookup("msgpack")
		if !ok {
			tag = sf.Tag.Get("json")
		}
		if tag == "-" {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		at := append(slices.Clone(index), i)
		if inner := embedded(sf); inner != nil && name == "" {
			if slices.Contains(within, inner) { // embedded in itself, by a pointer
				continue
			}
			if theirs := collect(inner, at, within); len(theirs) > 0 {
				found = append(found, theirs...)
				continue
			}
		}
		if !sf.IsExported() {
			continue
		}
		if name == "" {
			name = sf.Name
		}
		found = append(found, field{name, at, slices.Contains(strings.Split(options, ","), "omitempty")})
	}
	return found
}

// embedded returns the type of an embedded struct, whose fields count as those of the struct around it; else nil.
func embedded(sf reflect.StructField) reflect.Type {
	t := sf.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if !sf.Anonymous || t.Kind() != reflect.Struct || t == timeType {
		return nil
	}
	return t
}

// get returns the field of a struct, or none where it is of an embedded pointer that is nil, or is to be left out as empty.
func (f *field) get(v reflect.Value) (reflect.Value, bool) {
	v, err := v.FieldByIndexErr(f.index)
	if err != nil || f.omitEmpty && isEmpty(v) {
		return reflect.Value{}, false
	}
	return v, true
}

func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	}
	return v.IsZero()
}

// set returns the field of a struct that is to be set. Embedded pointers that are nil get something to point to.
func (f *field) set(v reflect.Value) (reflect.Value, error) {
	for i, x := range f.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				if !v.CanSet() {
					return v, &Error{What: fmt.Sprintf("cannot set the unexported %v, which is nil", v.Type()), Kind: ErrMismatch}
				}
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v, nil
}
