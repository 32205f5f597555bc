package gonpy_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/samebytes/samebytes/npy/gonpy"
)

func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "data.npy")

	w, err := gonpy.NewFileWriter(path)
	if err != nil {
		log.Fatal(err)
	}
	w.Shape, w.ColumnMajor = []int{2, 3}, true
	if err := w.WriteFloat64([]float64{1, 4, 2, 5, 3, 6}); err != nil {
		log.Fatal(err)
	}

	r, err := gonpy.NewFileReader(path)
	if err != nil {
		log.Fatal(err)
	}
	data, err := r.GetFloat64()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Dtype, r.Shape, r.ColumnMajor, data)
	// Output: f8 [2 3] true [1 4 2 5 3 6]
}
