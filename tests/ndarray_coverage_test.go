package tests

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// unreplayed are the functions and methods of package ndarray that no case of the corpus calls, with what tests them instead.
var unreplayed = map[string]string{}

func init() {
	for reason, names := range map[string]string{
		"ranges.json has NumPy's":               "Arange Linspace Logspace Geomspace Eye Tri Indices",
		"print.json has NumPy's":                "Format String Text LogValue",
		"NumPy writes no JSON":                  "MarshalJSON",
		"dtypes.json has NumPy's":               "DTypeOf DTypeOfKind DTypeOfType ParseDType StructDType SubarrayDType Base Code Fields Kind Ordered Unit",
		"not NumPy's numbers":                   "Random RandomExp RandomIntN RandomNormal Shuffle Permutation",
		"NumPy has none":                        "AtomicAdd AtomicCompareAndSwap AtomicLoad AtomicStore SetWorkers",
		"Mul and Add":                           "AddScaled",
		"NumPy's flags":                         "ReadOnly Contiguous Writable",
		"iterators":                             "Row Rows Values All Blocks Lanes",
		"the corpus makes and reads its arrays": "FromSlice FromFlat FromStrided New Ones Full Scalar Data Shape Strides Len NDim Dim DType At Set Size BroadcastShape",
		"gonum's types":                         "Dense CDense General32 Matrix SymDense VecDense FromDense FromCDense FromVecDense",
		"bytes under the same layouts":          "Any As AnyFromFlat AnyFromStrided ElementsOf Value",
		"scalars":                               "NewFloat16 NewBFloat16 Float16FromBits BFloat16FromBits Bits Float32 Float64 NewDatetime64 NewTimedelta64 Datetime64Of Timedelta64Of IsNaT Ticks Time Duration SetText",
		"errors and indices":                    "Error Unwrap Hull Range Step",
		"Transpose without axes":                "T",
		"other nodes of Eval's tree":            "Const Apply Test",
	} {
		for name := range strings.FieldsSeq(names) {
			unreplayed[name] = reason
		}
	}
}

// TestEveryFunctionIsInTheCorpus checks that each exported function and method of package ndarray is called by a twin, or has a
// reason not to be; and that the corpus has cases of each twin, for each dtype.
func TestEveryFunctionIsInTheCorpus(t *testing.T) {
	called := map[string]bool{}
	for _, file := range parsed(t, "ndarray_*_test.go") {
		ast.Inspect(file, func(n ast.Node) bool {
			if name, ok := n.(*ast.Ident); ok {
				called[name.Name] = true
			}
			return true
		})
	}
	exported := map[string]bool{}
	for _, file := range parsed(t, "../ndarray/*.go") {
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || !f.Name.IsExported() || f.Recv != nil && !exportedReceiver(f) {
				continue
			}
			exported[f.Name.Name] = true
			if reason := unreplayed[f.Name.Name]; !called[f.Name.Name] && reason == "" {
				t.Errorf("%s: no twin calls it: add cases to conformance/make_ndarray.py, or a reason here", f.Name.Name)
			}
		}
	}
	if len(exported) < 250 {
		t.Errorf("expected at least 250 exported names, found %d", len(exported))
	}
	for name := range unreplayed {
		if !exported[name] {
			t.Errorf("%s: there is no such function, which has a reason not to be in the corpus", name)
		}
	}
	c, err := readCorpus()
	if err != nil {
		t.Fatal(err)
	}
	has := map[[2]string]bool{}
	for function, cases := range c.cases {
		for _, one := range cases {
			has[[2]string{one.DType, function}] = true
		}
	}
	for _, dtype := range slices.Sorted(maps.Keys(twins)) {
		for _, function := range slices.Sorted(maps.Keys(twins[dtype])) {
			if !has[[2]string{dtype, function}] {
				t.Errorf("%s of %s: no case", function, dtype)
			}
		}
	}
}

// parsed returns the files of a pattern but for tests of package ndarray.
func parsed(t *testing.T, pattern string) []*ast.File {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: %d files, %v", pattern, len(names), err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasPrefix(name, "..") && strings.HasSuffix(name, "_test.go") || name == "ndarray_coverage_test.go" {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

func exportedReceiver(f *ast.FuncDecl) bool {
	receiver := f.Recv.List[0].Type
	for {
		switch r := receiver.(type) {
		case *ast.StarExpr:
			receiver = r.X
		case *ast.IndexExpr:
			receiver = r.X
		case *ast.Ident:
			return r.IsExported()
		default:
			return false
		}
	}
}
