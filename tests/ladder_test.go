package tests

import (
	"go/build"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/samebytes/samebytes/"

// ladder has the packages in their order: each imports only what stands above it.
var ladder = []string{"ndarray", "npy", "shm", "pybridge", "cmd/samebytes"}

func TestEachPackageImportsOnlyWhatStandsAboveIt(t *testing.T) {
	for i, name := range ladder {
		p, err := build.Default.ImportDir("../"+name, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range p.Imports {
			of, ours := strings.CutPrefix(path, module)
			if ours && !slices.Contains(ladder[:i], of) && !strings.HasPrefix(of, "internal/") {
				t.Errorf("%s imports %s", name, of)
			}
			if path == "unsafe" && name != "shm" {
				t.Errorf("%s imports unsafe, which only shm may", name)
			}
		}
	}
}
