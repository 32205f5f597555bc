package npy_test

import (
	"bytes"
	"fmt"
	"log"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
)

func ExampleWrite() {
	var file bytes.Buffer
	if err := npy.Write(&file, ndarray.Arange[uint8](65, 68, 1)); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d bytes\n%q\n...%q\n", file.Len(), file.Bytes()[:69], file.Bytes()[127:])
	// Output:
	// 131 bytes
	// "\x93NUMPY\x01\x00v\x00{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }  "
	// ..."\nABC"
}

// A Format asks for other bytes than np.save's.
func ExampleWrite_format() {
	var file bytes.Buffer
	if err := npy.Write(&file, ndarray.Arange[uint16](1, 3, 1), npy.Format{Align: 4096, BigEndian: true, Version: 2}); err != nil {
		log.Fatal(err)
	}
	h, err := npy.Parse(file.Bytes())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(h.Major, h.BigEndian, h.DataOffset, file.Bytes()[h.DataOffset:])
	// Output: 2 true 4096 [0 1 0 2]
}

// Who reads the file while it is replaced sees the old one or the new one.
func ExampleWriteFile() {
	path, remove := saved()
	defer remove()
	if err := npy.WriteFile(path, ndarray.Arange[int32](0, 3, 1)); err != nil {
		log.Fatal(err)
	}
	a, err := npy.ReadFileAny(path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(a.DType(), a)
	// Output: int32 [0 1 2]
}

// Rows are written as they come. Where their number is not known, the file must be one that can be sought in.
func ExampleWriter() {
	var file bytes.Buffer
	w, err := npy.NewWriter[float32](&file, 3, []int{2})
	if err != nil {
		log.Fatal(err)
	}
	for i := range 3 {
		row, err := ndarray.FromSlice([]float32{float32(i), 10})
		if err != nil {
			log.Fatal(err)
		}
		if err := w.Write(row); err != nil {
			log.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	a, err := npy.Read[float32](&file)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(a)
	// Output:
	// [[ 0. 10.]
	//  [ 1. 10.]
	//  [ 2. 10.]]
}

func ExampleAppend() {
	path, remove := saved()
	defer remove()
	row, err := ndarray.FromSlice([]float64{6, 7, 8})
	if err != nil {
		log.Fatal(err)
	}
	if err := npy.Append(path, row); err != nil {
		log.Fatal(err)
	}
	a, err := npy.ReadFile[float64](path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(a)
	// Output:
	// [[0. 1. 2.]
	//  [3. 4. 5.]
	//  [6. 7. 8.]]
}
