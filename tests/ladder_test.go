package tests

import (
	"go/build"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/samebytes/samebytes/"

// ladder has the packages in their order: each imports only what stands above it, and what is internal, as far as Go allows it.
var ladder = []string{"ndarray/blas", "ndarray", "npy", "shm", "pybridge", "cmd/samebytes", "npy/gonpy"}

func TestEachPackageImportsOnlyWhatStandsAboveIt(t *testing.T) {
	for i, name := range ladder {
		p, err := build.Default.ImportDir("../"+name, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range p.Imports {
			of, ours := strings.CutPrefix(path, module)
			if ours && !slices.Contains(ladder[:i], of) && !strings.Contains("/"+of, "/internal/") {
				t.Errorf("%s imports %s", name, of)
			}
		}
		for _, at := range p.ImportPos["unsafe"] {
			if name != "shm" && filepath.Base(at.Filename) != "cast.go" {
				t.Errorf("%s imports unsafe, which only shm and files named cast.go may", at.Filename)
			}
		}
	}
}
