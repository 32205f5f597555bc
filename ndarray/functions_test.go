package ndarray_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	nd "github.com/samebytes/samebytes/ndarray"
)

// function is an exported function, or a method of Array or Any, with the names of its parameters, that of a receiver before them.
type function struct {
	name   string // for a method with its type: "Array.Slice"
	f      reflect.Value
	params []string
}

// op is the name that a panic gives.
func (f function) op() string { return f.name[strings.LastIndex(f.name, ".")+1:] }

// exportedFunctions returns all of the package, in the order of their names. It fails where instances lacks one, or has one too many.
func exportedFunctions(t *testing.T) []function {
	t.Helper()
	files, err := parser.ParseDir(token.NewFileSet(), ".", func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []function
	for _, file := range files["ndarray"].Files {
		for _, decl := range file.Decls {
			d, ok := decl.(*ast.FuncDecl)
			if !ok || !d.Name.IsExported() || d.Name.Name == "Format" { // which package fmt calls
				continue
			}
			f := function{name: d.Name.Name}
			if d.Recv != nil {
				f.name = receiver(d.Recv.List[0].Type) + "." + f.name
				if !strings.HasPrefix(f.name, "Array.") && !strings.HasPrefix(f.name, "Any.") {
					continue
				}
				f.params = append(f.params, "receiver")
			}
			for _, field := range d.Type.Params.List {
				for _, name := range field.Names {
					f.params = append(f.params, name.Name)
				}
			}
			instance, ok := instances[f.name]
			if !ok {
				t.Errorf("instances lacks %s", f.name)
				continue
			}
			if f.f = reflect.ValueOf(instance); f.f.Type().NumIn() != len(f.params) {
				t.Errorf("%s is not the instance of that name", f.name)
				continue
			}
			found = append(found, f)
		}
	}
	if len(found) != len(instances) {
		t.Errorf("instances has %d functions, the package %d", len(instances), len(found))
	}
	slices.SortFunc(found, func(a, b function) int { return strings.Compare(a.name, b.name) })
	return found
}

func receiver(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.StarExpr:
		return receiver(x.X)
	case *ast.IndexExpr:
		return receiver(x.X)
	case *ast.Ident:
		return x.Name
	}
	return ""
}

// numbers returns the elements of a shape, of any type: different ones, between 0 and 1 if they are floats.
func numbers(t reflect.Type, shape ...int) any {
	n, _, _ := nd.Size(shape, 1)
	switch t {
	case reflect.TypeFor[*nd.Array[float64]]():
		return must(nd.FromFlat(filled(n, func(i int) float64 { return float64(i*7%n+1) / float64(n+1) }), shape, false))
	case reflect.TypeFor[*nd.Array[float32]]():
		return nd.Convert[float32](nil, numbers(reflect.TypeFor[*nd.Array[float64]](), shape...).(*nd.Array[float64]))
	case reflect.TypeFor[*nd.Array[complex128]]():
		return must(nd.FromFlat(filled(n, func(i int) complex128 { return complex(float64(i*7%n+1)/float64(n+1), 0.25) }), shape, false))
	case reflect.TypeFor[*nd.Array[int64]]():
		shape := append(shape, 1)[:len(shape)+1]
		return must(nd.FromFlat(filled(n, func(i int) int64 { return int64(i * 7 % n % shape[0]) }), shape[:len(shape)-1], false)) // indices too
	case reflect.TypeFor[*nd.Array[uint8]]():
		return must(nd.FromFlat(filled(n, func(i int) uint8 { return uint8(i) }), shape, false))
	case reflect.TypeFor[*nd.Array[bool]]():
		return must(nd.FromFlat(filled(n, func(i int) bool { return i%2 == 0 }), shape, false))
	case reflect.TypeFor[*nd.Array[quote]]():
		return must(nd.FromFlat(make([]quote, n), shape, false))
	case reflect.TypeFor[*nd.Any]():
		return numbers(reflect.TypeFor[*nd.Array[float64]](), shape...).(*nd.Array[float64]).Any()
	}
	panic("no numbers of " + t.String())
}

func filled[T any](n int, f func(i int) T) []T {
	data := make([]T, n)
	for i := range data {
		data[i] = f(i)
	}
	return data
}

// arguments returns what f can be called with: arrays of side rows and columns, unless it takes others, and a nil dst where it may be.
// All arguments after the fixed ones are in one slice.
func (f function) arguments(side int) []reflect.Value {
	special := arguments[f.name]
	args := make([]reflect.Value, len(f.params))
	for i, name := range f.params {
		t := f.f.Type().In(i)
		var v any
		switch given, ok := special[name]; {
		case ok:
			if build, ok := given.(func(side int) any); ok {
				given = build(side)
			}
			v = given
		case name == "dst" || name == "quotient" || name == "remainder":
			v = reflect.Zero(t).Interface()
		case t.Kind() == reflect.Pointer:
			v = numbers(t, side, side)
		case t == reflect.TypeFor[rand.Source]():
			v = rand.NewPCG(1, 2)
		case t.Kind() == reflect.Slice && f.f.Type().IsVariadic() && i == len(args)-1:
			switch name {
			case "axes":
				v = []int{1}
			case "shape":
				v = []int{side, side}
			case "ix":
				if t.Elem().Kind() == reflect.Int {
					v = []int{1, 1}
				} else {
					v = []nd.Index{nd.At(1)}
				}
			case "reps":
				v = []int{2, 1}
			default:
				panic(f.name + " needs arguments for " + name)
			}
		default:
			v = map[string]any{"axis": 0, "axis1": 0, "axis2": 1, "n": 2, "m": 3, "k": 1, "kth": 1, "ddof": 0, "decimals": 1, "shift": 1, "bins": 3, "i": 1,
				"q": 0.5, "method": nd.QuantileLinear, "side": nd.Right, "tolerance": nd.DefaultTolerance, "sections": side, "offset": 0}[name]
			if v != nil && !reflect.TypeOf(v).AssignableTo(t) {
				v = nil
			}
			if v == nil {
				v = reflect.Zero(t).Interface()
			}
		}
		args[i] = reflect.New(t).Elem()
		if v != nil {
			args[i].Set(reflect.ValueOf(v))
		}
	}
	return args
}

// call calls f with arguments, the last ones in a slice.
func (f function) call(args []reflect.Value) []reflect.Value {
	if f.f.Type().IsVariadic() {
		return f.f.CallSlice(args)
	}
	return f.f.Call(args)
}

// panicOf returns what f panics with, and nil where it does not.
func (f function) panicOf(args []reflect.Value) (value any) {
	defer func() { value = recover() }()
	for _, result := range f.call(args) {
		drain(result)
	}
	return nil
}

// drain runs an iterator.
func drain(v reflect.Value) {
	if v.Kind() == reflect.Func {
		if v.Type().CanSeq() {
			for range v.Seq() {
			}
		} else if v.Type().CanSeq2() {
			for range v.Seq2() {
			}
		}
	}
}

// vectorOf returns a function that makes a vector with an element for each of a side.
func vectorOf[T nd.Element](add int) func(side int) any {
	return func(side int) any { return numbers(reflect.TypeFor[*nd.Array[T]](), side+add) }
}

// edges rise from 0 to 1.
func edges(side int) any { return nd.Linspace(0.0, 1, side+1) }

type named = map[string]any

// arguments are those that arguments can't find by itself.
var arguments = map[string]named{
	"Any.CopyTo":          {"dst": nd.New[float64](3, 3).Any()},
	"Any.Field":           {"receiver": nd.New[quote](3).Any(), "name": "price"},
	"Any.SlidingWindow":   {"window": []int{2}},
	"Any.SplitAt":         {"indices": []int{1}},
	"Any.Squeeze":         {"axes": []int{}},
	"Any.Transpose":       {"axes": []int{1, 0}},
	"Array.Squeeze":       {"axes": []int{}},
	"Array.Transpose":     {"axes": []int{1, 0}},
	"Any.View":            {"d": nd.Int64},
	"AnyFromFlat":         {"data": make([]byte, 72), "d": nd.Float64, "shape": []int{3, 3}},
	"AnyFromStrided":      {"data": make([]byte, 72), "d": nd.Float64, "shape": []int{3, 3}, "strides": []int{24, 8}},
	"Apply2":              {"f": func(x, y float64) float64 { return x*10 + y }},
	"Arange":              {"start": 0.0, "stop": 3.0, "step": 1.0},
	"Array.MoveAxis":      {"src": 0, "dst": 1},
	"Array.SlidingWindow": {"window": []int{2}},
	"Array.SplitAt":       {"indices": []int{1}},
	"Any.MoveAxis":        {"src": 0, "dst": 1},
	"BroadcastShape":      {"shapes": [][]int{{3, 1}, {2}}},
	"Compress":            {"cond": vectorOf[bool](0)},
	"Concatenate":         {"arrays": func(side int) any { return twice[float64](side, side) }},
	"DTypeOfType":         {"t": reflect.TypeFor[float64]()},
	"Dot":                 {"a": vectorOf[float64](0), "b": vectorOf[float64](0)},
	"ElementsOf":          {"data": make([]byte, 24), "n": 3},
	"Eval":                {"x": nd.Lazy(nd.New[float64](3, 3)).Add(nd.Const(1.0))},
	"EvalCond":            {"c": nd.Mask(nd.New[bool](3, 3)).Not()},
	"Field":               {"a": nd.New[quote](3), "name": "price"},
	"FromCDense":          {"m": mat.NewCDense(3, 3, nil)},
	"FromDense":           {"m": mat.NewDense(3, 3, nil)},
	"FromFlat":            {"data": make([]float64, 9), "shape": []int{3, 3}},
	"FromSlice":           {"data": make([]float64, 9), "shape": []int{3, 3}},
	"FromStrided":         {"data": make([]float64, 9), "shape": []int{3, 3}, "strides": []int{3, 1}},
	"FromVecDense":        {"v": mat.NewVecDense(3, nil)},
	"Gather":              {"indices": func(side int) any { return twice[int64](side) }},
	"Geomspace":           {"start": 1.0, "stop": 8.0},
	"Histogram":           {"edges": edges},
	"HistogramDensity":    {"counts": vectorOf[int64](0), "edges": edges},
	"HistogramWeighted":   {"edges": edges},
	"Linspace":            {"start": 0.0, "stop": 1.0},
	"Logspace":            {"start": 0.0, "stop": 1.0, "base": 2.0},
	"Map":                 {"f": func(x float64) float64 { return 1 - x }},
	"Meshgrid":            {"arrays": func(side int) any { return twice[float64](side) }},
	"NaNQuantilesTo":      {"q": []float64{0.5, 0.25}},
	"Pad":                 {"widths": [][2]int{{1, 0}, {0, 2}}},
	"ParseDType":          {"name": "f8"},
	"Put":                 {"indices": func(side int) any { return numbers(reflect.TypeFor[*nd.Array[int64]](), side, side) }},
	"PutMask":             {"values": func(side int) any { return nd.Linspace(2.0, 3, (side*side+1)/2) }},
	"QuantilesTo":         {"q": []float64{0.5, 0.25}},
	"RepeatEach":          {"counts": func(side int) any { return slices.Repeat([]int{2}, side) }},
	"Scatter":             {"indices": func(side int) any { return twice[int64](side) }, "values": vectorOf[float64](0)},
	"SearchSorted":        {"sorted": func(side int) any { return nd.Linspace(0.0, 1, side) }},
	"SetText":             {"text": make([]nd.Char, 4), "s": "ab"},
	"Size":                {"shape": []int{3, 3}, "itemsize": 8},
	"Stack":               {"arrays": func(side int) any { return twice[float64](side, side) }},
	"StructDType":         {"fields": []nd.DTypeField{{Name: "x", DType: nd.Float64}}, "size": 8},
	"SubarrayDType":       {"base": nd.Float64, "shape": []int{2}},
	"Take":                {"indices": vectorOf[int64](0)},
}

// inPlace are the functions that change what is in dst, which is then an argument as others are.
var inPlace = map[string]bool{"Put": true, "PutAlongAxis": true, "PutMask": true, "Random": true, "RandomExp": true, "RandomIntN": true,
	"RandomNormal": true, "Scatter": true}

func init() {
	for name := range inPlace {
		t := reflect.TypeOf(instances[name]).In(0)
		arguments[name] = maps.Clone(arguments[name])
		if arguments[name] == nil {
			arguments[name] = named{}
		}
		arguments[name]["dst"] = func(side int) any { return numbers(t, side, side) }
	}
}

func twice[T nd.Element](shape ...int) []*nd.Array[T] {
	t := reflect.TypeFor[*nd.Array[T]]()
	return []*nd.Array[T]{numbers(t, shape...).(*nd.Array[T]), numbers(t, shape...).(*nd.Array[T])}
}

func TestArguments(t *testing.T) {
	for _, f := range exportedFunctions(t) {
		if v := f.panicOf(f.arguments(3)); v != nil {
			t.Errorf("%s: %v", f.name, v)
		}
	}
}
