package ndarray_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	nd "github.com/samebytes/samebytes/ndarray"
)

// bad is an argument that a function refuses, or one that it may take.
type bad struct {
	value  any
	refuse bool
	want   error // by its type, nil for any
}

func badInts(name string) []bad {
	refuse := slices.Contains([]string{"axis", "axis1", "axis2", "src", "dst", "kth"}, name)
	return []bad{{7, refuse, nil}, {-8, refuse, nil}, {math.MinInt, refuse, nil}, {math.MaxInt, refuse, nil}, {1 << 60, refuse, nil}, {-1, false, nil}, {0, false, nil}}
}

// badArguments returns what parameter i of f is tried with.
func (f function) badArguments(i int) []bad {
	name, t := f.params[i], f.f.Type().In(i)
	axes := name == "axes"
	switch {
	case f.name == "SetWorkers":
		return []bad{{-1, true, nil}, {math.MinInt, true, nil}}
	case t.Kind() == reflect.Int && t.PkgPath() == "":
		return badInts(name)
	case t == reflect.TypeFor[[]int]():
		return []bad{{[]int{7}, axes, nil}, {[]int{-8}, axes, nil}, {[]int{0, 0}, axes && f.op() != "ExpandDims", nil}, {[]int{0, 0}, axes, nil},
			{[]int{math.MinInt}, axes, nil}, {[]int{math.MaxInt, math.MaxInt}, axes, nil}, {[]int{1 << 60}, axes, nil}, {[]int{1 << 58, 0, 0}, axes, nil},
			{[]int{1 << 58}, axes, nil}, {[]int{-1}, false, nil}, {slices.Repeat([]int{1}, 65), axes, nil}, {[]int(nil), false, nil}}
	case t == reflect.TypeFor[[][2]int]():
		return []bad{{[][2]int{{1, 1}}, true, nil}, {[][2]int{{-1, 1}, {1, 1}}, true, nil}, {[][2]int{{math.MaxInt, 1}, {1, math.MaxInt}}, true, nil},
			{[][2]int{{1 << 60, 1}, {1, 1}}, true, nil}}
	case t == reflect.TypeFor[[][]int]():
		return []bad{{[][]int{{2}, {3}}, true, nil}, {[][]int{{1 << 40, 1}, {1 << 40}}, true, nil}, {[][]int{{-1}}, true, nil}}
	case t == reflect.TypeFor[[]nd.Index]():
		return []bad{{[]nd.Index{nd.At(9)}, true, nd.SliceError{}}, {[]nd.Index{nd.Range(2, 1)}, true, nd.SliceError{}},
			{[]nd.Index{nd.All, nd.All, nd.All}, true, nd.SliceError{}}, {[]nd.Index{nd.Step(0, 1, 0)}, true, nd.SliceError{}}}
	case t == reflect.TypeFor[nd.Side]():
		return []bad{{nd.Side(7), true, nd.ValueError{}}, {nd.Side(-1), true, nd.ValueError{}}}
	case t == reflect.TypeFor[nd.QuantileMethod]():
		return []bad{{nd.QuantileMethod(13), true, nd.ValueError{}}, {nd.QuantileMethod(-1), true, nd.ValueError{}}}
	case name == "q" && t.Kind() == reflect.Float64:
		return []bad{{-0.1, true, nd.ValueError{}}, {1.1, true, nd.ValueError{}}, {math.NaN(), true, nd.ValueError{}}}
	case name == "q":
		return []bad{{[]float64{0.5, 2}, true, nd.ValueError{}}, {[]float64{}, false, nil}}
	case t.Kind() == reflect.Float64 && slices.Contains([]string{"start", "stop", "step", "base"}, name):
		return []bad{{math.NaN(), false, nil}, {math.Inf(1), false, nil}, {0.0, false, nil}, {-1e300, false, nil}}
	case t == reflect.TypeFor[rand.Source]():
		return []bad{{rand.Source(nil), true, nd.ValueError{}}}
	case t == reflect.TypeFor[*mat.Dense](), t == reflect.TypeFor[*mat.CDense](), t == reflect.TypeFor[*mat.VecDense](),
		t == reflect.TypeFor[nd.Expr[float64]](), t == reflect.TypeFor[nd.Cond]():
		return []bad{{reflect.Zero(t).Interface(), true, nd.ValueError{}}}
	case t.Kind() == reflect.Pointer && inPlace[f.name] && i == 0:
		return []bad{{reflect.Zero(t).Interface(), true, nd.ValueError{}}}
	case t.Kind() == reflect.Pointer && name != "dst" && name != "quotient" && name != "remainder":
		prints := slices.Contains([]string{"String", "LogValue", "DType"}, f.op()) // also of nil
		return []bad{{reflect.Zero(t).Interface(), !prints, nil}, {numbers(t, 5, 7, 2), false, nil}, {numbers(t, 0), false, nil}, {numbers(t), false, nil},
			{reflect.New(t.Elem()).Interface(), false, nil}}
	}
	return nil
}

// brief returns an array by its shape, and any other argument as it is.
func brief(v any) string {
	if a, ok := v.(interface{ Shape() []int }); ok && !reflect.ValueOf(v).IsNil() {
		return fmt.Sprintf("array of %v", a.Shape())
	}
	return fmt.Sprint(v)
}

// opOf returns the name in a panic's value, and whether it is of a type that the package's documentation names.
func opOf(v any) (op string, ok bool) {
	switch v := v.(type) {
	case nd.IndexError:
		return v.Op, true
	case nd.ShapeError:
		return v.Op, true
	case nd.LayoutError:
		return v.Op, true
	case nd.CastError:
		return v.Op, true
	case nd.ValueError:
		return v.Op, true
	case nd.DTypeError:
		return v.Op, true
	case nd.SliceError:
		return "Slice", true
	}
	return "", false
}

// withDst returns arguments with a dst that the function can write, in place of nil.
func (f function) withDst(args []reflect.Value) []reflect.Value {
	args = slices.Clone(args)
	for i, name := range f.params {
		if k := slices.Index([]string{"dst", "remainder"}, name); k >= 0 && args[i].Kind() == reflect.Pointer && args[i].IsNil() || name == "quotient" {
			args[i] = f.call(f.arguments(3))[max(k, 0)]
		}
	}
	return args
}

// TestRefusals gives every function what it can't take, one argument at a time: it panics with a documented value that names it, and has
// written nothing.
func TestRefusals(t *testing.T) {
	refused := 0
	for _, f := range exportedFunctions(t) {
		for i := range f.params {
			for _, b := range f.badArguments(i) {
				for _, args := range [][]reflect.Value{f.arguments(3), f.withDst(f.arguments(3))} {
					v := reflect.New(f.f.Type().In(i)).Elem()
					if b.value != nil {
						v.Set(reflect.ValueOf(b.value))
					}
					args[i] = v
					before := contents(f, args)
					got := f.panicOf(args)
					if got != nil {
						refused++
					}
					op, typed := opOf(got)
					noArray := v.Kind() == reflect.Pointer && b.want == nil && (v.IsNil() || v.Elem().IsZero())
					_, runtimeError := got.(runtime.Error)
					switch {
					case got == nil && b.refuse:
						t.Errorf("%s takes %s for %s", f.name, brief(b.value), f.params[i])
					case got == nil:
					case noArray && runtimeError: // as Go has it
					case !typed:
						t.Errorf("%s(%s = %s): %v", f.name, f.params[i], brief(b.value), got)
					case op != f.op():
						t.Errorf("%s(%s = %s) names %s: %v", f.name, f.params[i], brief(b.value), op, got)
					case b.want != nil && reflect.TypeOf(b.want) != reflect.TypeOf(got):
						t.Errorf("%s(%s = %s): got a %T, want a %T", f.name, f.params[i], brief(b.value), got, b.want)
					}
					if got != nil && !bytes.Equal(contents(f, args), before) {
						t.Errorf("%s(%s = %s) wrote before its panic: %v", f.name, f.params[i], brief(b.value), got)
					}
				}
			}
		}
	}
	if refused < 1000 {
		t.Errorf("only %d refusals", refused)
	}
}

// contents returns the bytes of the arrays that f could write.
func contents(f function, args []reflect.Value) []byte {
	var all []byte
	for i, arg := range args {
		if a, ok := arg.Interface().(interface{ Any() *nd.Any }); ok && !arg.IsNil() && f.params[i] != "receiver" {
			all = append(all, a.Any().Data()...)
		}
	}
	return all
}

// TestRefusedDestinations gives every function with a dst one of another shape, one that is read-only, and one whose elements lie
// under several indices.
func TestRefusedDestinations(t *testing.T) {
	refused := 0
	for _, f := range exportedFunctions(t) {
		for i, name := range f.params {
			in := f.f.Type().In(i)
			if name != "dst" && name != "quotient" && name != "remainder" || in.Kind() != reflect.Pointer || f.name == "Any.CopyTo" {
				continue
			}
			args := f.arguments(3)
			good := f.withDst(args)[i]
			shape := good.MethodByName("Shape").Call(nil)[0]
			for _, c := range []struct {
				what string
				dst  reflect.Value
				want func(v any) bool
			}{
				{"shape", reflect.ValueOf(numbers(in, 2, 1, 2, 5, 2)), func(v any) bool { _, ok := v.(nd.ShapeError); return ok }},
				{"read-only", good.MethodByName("ReadOnly").Call(nil)[0], func(v any) bool { err, ok := v.(error); return ok && errors.Is(err, nd.ErrReadOnly) }},
				{"overlapping", reflect.ValueOf(numbers(in, 1)).MethodByName("BroadcastTo").CallSlice([]reflect.Value{shape})[0], func(v any) bool { _, ok := v.(nd.LayoutError); return ok }},
			} {
				if c.what == "shape" && (inPlace[f.name] || f.name == "CopyTo") || c.what == "overlapping" && shape.Len() == 0 {
					continue // any shape will do, or no element lies under two indices
				}
				args[i] = c.dst
				got := f.panicOf(args)
				if op, _ := opOf(got); !c.want(got) || op != f.op() && op != "" {
					t.Errorf("%s with %s %s: %v", f.name, name, c.what, got)
				}
				refused++
			}
		}
	}
	if refused < 300 {
		t.Errorf("only %d refusals", refused)
	}
}

// TestRefusedSizes gives functions an array for whose result nobody has memory, though it is only a number itself.
func TestRefusedSizes(t *testing.T) {
	for _, name := range []string{"Array.Copy", "Array.CopyF", "Any.Copy", "Any.CopyF", "CopyTo", "Add", "Sqrt", "Equal", "Map", "Apply2", "Convert", "ConvertSafe", "Where", "Clip",
		"CumSum", "NaNCumSum", "Diff", "SortTo", "ArgSort", "ArgPartition", "Unique", "UniqueAll", "Union", "Intersect", "Difference", "IsIn", "Roll", "Concatenate",
		"Stack", "AllClose", "DivMod", "Norm"} {
		f := function{name, reflect.ValueOf(instances[name]), nil}
		for _, g := range exportedFunctions(t) {
			if g.name == name {
				f = g
			}
		}
		args := f.arguments(1)
		huge := must(nd.FromSlice([]float64{1})).BroadcastTo(1 << 59)
		for i, arg := range args {
			switch arg.Interface().(type) {
			case *nd.Array[float64]:
				if f.params[i] != "dst" && f.params[i] != "quotient" && f.params[i] != "remainder" {
					args[i] = reflect.ValueOf(huge)
				}
			case *nd.Any:
				args[i] = reflect.ValueOf(huge.Any())
			case []*nd.Array[float64]:
				args[i] = reflect.ValueOf([]*nd.Array[float64]{huge})
			case *nd.Array[bool]:
				if f.params[i] == "cond" {
					args[i] = reflect.ValueOf(nd.Scalar(true))
				}
			}
			if f.params[i] == "axes" {
				args[i] = reflect.ValueOf([]int{0})
			}
		}
		got := f.panicOf(args)
		if err, ok := got.(nd.ShapeError); !ok || err.Op != f.op() {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestZeroArray asks an array that nobody has made: it has no axes, and no element.
func TestZeroArray(t *testing.T) {
	var a nd.Array[int64]
	for name, f := range map[string]func(){
		"At": func() { a.At() }, "Value": func() { a.Any().Value() },
		"AtomicLoad": func() { nd.AtomicLoad(&a) }, "AtomicAdd": func() { nd.AtomicAdd(&a, 1) },
	} {
		func() {
			defer func() {
				if err, ok := recover().(nd.IndexError); !ok || err.Op != name {
					t.Errorf("%s: %v", name, err)
				}
			}()
			f()
		}()
	}
	if a.Len() != 0 || a.NDim() != 0 || a.Copy().Len() != 0 || a.String() != "[]" {
		t.Errorf("%v of %v", &a, a.Shape())
	}
}
