package ndarray_test

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"testing"

	nd "github.com/samebytes/samebytes/ndarray"
)

// typedAs returns an Any as the array of a type of arguments.
func typedAs(t reflect.Type, a *nd.Any) reflect.Value {
	switch t {
	case reflect.TypeFor[*nd.Array[float64]]():
		return reflect.ValueOf(must(nd.As[float64](a)))
	case reflect.TypeFor[*nd.Array[int64]]():
		return reflect.ValueOf(must(nd.As[int64](a)))
	case reflect.TypeFor[*nd.Array[uint8]]():
		return reflect.ValueOf(must(nd.As[uint8](a)))
	case reflect.TypeFor[*nd.Array[bool]]():
		return reflect.ValueOf(must(nd.As[bool](a)))
	case reflect.TypeFor[*nd.Array[complex128]]():
		return reflect.ValueOf(must(nd.As[complex128](a)))
	}
	panic("no array of " + t.String())
}

// arrangements are where in the memory of dst, which lies in C order from a byte on, an operand lies: how it steps from one element to the next,
// and on which bytes it begins.
var arrangements = []struct {
	name    string
	dst, at int // bytes
	strides func(shape []int, size int) (strides []int, offset int)
}{
	{"the same", 0, 0, inOrder(false, 1)},
	{"one further", 0, 16, inOrder(false, 1)},
	{"one before", 16, 0, inOrder(false, 1)},
	{"reversed", 0, 0, inOrder(false, -1)},
	{"transposed", 0, 0, inOrder(true, 1)},
	{"every second", 0, 0, inOrder(false, 2)},
	{"transposed, reversed and one further", 0, 16, inOrder(true, -1)},
}

func inOrder(fortran bool, step int) func(shape []int, size int) ([]int, int) {
	return func(shape []int, size int) ([]int, int) {
		strides, next, offset := make([]int, len(shape)), step*size, 0
		for i := range shape {
			d := len(shape) - 1 - i
			if fortran {
				d = i
			}
			strides[d] = next
			if next < 0 {
				offset -= (shape[d] - 1) * next
			}
			next *= shape[d]
		}
		return strides, offset
	}
}

// TestOverlaps calls every function that has a dst with one that shares memory with each of its operands, and compares with what it
// stores in a dst of its own, for copies of the same operands. Memory around dst stays as it was.
func TestOverlaps(t *testing.T) {
	compared := 0
	for _, f := range exportedFunctions(t) {
		for i, name := range f.params {
			if name != "dst" && name != "quotient" && name != "remainder" || f.f.Type().In(i).Kind() != reflect.Pointer || f.name == "Any.CopyTo" {
				continue
			}
			for k := range f.params {
				for _, side := range []int{3, 40} {
					for _, place := range arrangements {
						if k != i {
							compared += overlapped(t, f, i, k, side, place.name, place.dst, place.at, place.strides)
						}
					}
				}
			}
		}
	}
	if compared < 2000 {
		t.Errorf("only %d compared", compared)
	}
}

// overlapped compares a call of f whose dst, parameter i, shares memory with operand k, and returns how many it has compared.
func overlapped(t *testing.T, f function, i, k, side int, name string, dstAt, at int, order func([]int, int) ([]int, int)) int {
	args := f.arguments(side)
	for j := range args { // expressions are of one side only
		if _, ok := args[j].Interface().(nd.Expr[float64]); ok || f.name == "EvalCond" {
			return 0
		}
	}
	operand := args[k]
	list := operand.Kind() == reflect.Slice
	if list {
		if operand.Len() == 0 || operand.Index(0).Kind() != reflect.Pointer {
			return 0
		}
		operand = operand.Index(1)
	}
	from, ok := operand.Interface().(interface{ Any() *nd.Any })
	if !ok || f.params[k] == "dst" || f.params[k] == "quotient" || f.params[k] == "remainder" {
		return 0
	}
	result := 0
	if f.params[i] == "remainder" {
		result = 1
	}
	// A dst of the shape of the result, and the operand, both in one memory.
	to := f.call(f.arguments(side))[result].Interface().(interface{ Any() *nd.Any }).Any()
	source := from.Any()
	memory := make([]uint64, 2*side*side*64)
	all := must(nd.FromSlice(memory)).Any().Data()
	for b := range all {
		all[b] = byte(b % 2) // which is a bool too
	}
	strides, offset := inOrder(false, 1)(to.Shape(), to.DType().Size())
	dst := must(nd.AnyFromStrided(all, to.DType(), to.Shape(), strides, dstAt+offset))
	strides, offset = order(source.Shape(), source.DType().Size())
	view := must(nd.AnyFromStrided(all, source.DType(), source.Shape(), strides, at+offset))
	if err := source.CopyTo(view); err != nil {
		t.Fatal(err)
	}
	if inPlace[f.name] && !validBools(dst) {
		return 0
	}
	overlapping, apart := slices.Clone(args), slices.Clone(args)
	overlapping[i], apart[i] = typedAs(args[i].Type(), dst), typedAs(args[i].Type(), dst.Copy())
	put := func(args []reflect.Value, a *nd.Any) {
		if !list {
			args[k] = typedAs(args[k].Type(), a)
			return
		}
		both := reflect.MakeSlice(args[k].Type(), args[k].Len(), args[k].Len())
		reflect.Copy(both, args[k])
		both.Index(1).Set(typedAs(both.Type().Elem(), a))
		args[k] = both
	}
	put(overlapping, view)
	// The copy lies as the operand does: sums of floats are rounded in an order that its strides decide.
	copied := must(nd.FromSlice(slices.Clone(memory))).Any().Data()
	put(apart, must(nd.AnyFromStrided(copied, source.DType(), source.Shape(), strides, at+offset)))
	if f.name == "MatMul" { // which gives BLAS a Copy
		put(apart, view.Copy())
	}
	if v := f.panicOf(apart); v != nil {
		t.Errorf("%s: %v", f.name, v)
		return 0
	}
	want := apart[i].Interface().(interface{ Any() *nd.Any }).Any()
	rest := slices.Clone(all)
	if err := want.CopyTo(must(nd.AnyFromStrided(rest, dst.DType(), dst.Shape(), dst.Strides(), dstAt))); err != nil {
		t.Fatal(err)
	}
	what := fmt.Sprintf("%s of side %d, %s over %s, %s", f.name, side, f.params[i], f.params[k], name)
	if v := f.panicOf(overlapping); v != nil {
		t.Errorf("%s: %v", what, v)
	} else if got := dst.Copy().Data(); !bytes.Equal(got, want.Data()) {
		t.Errorf("%s: got another result than apart", what)
	} else if !bytes.Equal(all, rest) {
		t.Errorf("%s: changed memory around dst", what)
	}
	return 1
}

// validBools reports whether a's bytes are bools, if it has them.
func validBools(a *nd.Any) bool {
	return a.DType() != nd.Bool || !slices.ContainsFunc(a.Data(), func(b byte) bool { return b > 1 })
}
