package npy_test

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
)

// Arrays written one behind the other are read one by one.
func ExampleRead() {
	var stream bytes.Buffer
	for i := range 3 {
		if err := npy.Write(&stream, ndarray.Arange(0, float64(i), 1)); err != nil {
			log.Fatal(err)
		}
	}
	for {
		a, err := npy.Read[float64](&stream)
		if err == io.EOF {
			break
		} else if err != nil {
			log.Fatal(err)
		}
		fmt.Println(a)
	}
	// Output:
	// []
	// [0.]
	// [0. 1.]
}

// A Go struct takes the fields of its names, wherever they lie.
func ExampleRead_struct() {
	type quote struct {
		Price  float64
		Symbol [4]ndarray.Char
		Volume int64
	}
	type price struct {
		Price float64
	}
	a := ndarray.New[quote](2)
	a.Set(quote{Price: 9.5, Volume: 100}, 0)
	a.Set(quote{Price: 7.25, Volume: 300}, 1)
	var file bytes.Buffer
	if err := npy.Write(&file, a); err != nil {
		log.Fatal(err)
	}
	prices, err := npy.Read[price](&file)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(prices.At(0).Price, prices.At(1).Price)
	// Output: 9.5 7.25
}

// ReadInto fills a part of an array; in which order the file has its elements makes no difference.
func ExampleReadInto() {
	a, err := ndarray.FromSlice([]int32{1, 2, 3, 4, 5, 6}, 2, 3)
	if err != nil {
		log.Fatal(err)
	}
	var file bytes.Buffer
	if err := npy.Write(&file, a, npy.Format{Order: npy.Fortran, BigEndian: true}); err != nil {
		log.Fatal(err)
	}
	dst := ndarray.New[int32](3, 4)
	if err := npy.ReadInto(dst.Slice(ndarray.Range(1, 3), ndarray.Range(0, 3)), &file); err != nil {
		log.Fatal(err)
	}
	fmt.Println(dst)
	// Output:
	// [[0 0 0 0]
	//  [1 2 3 0]
	//  [4 5 6 0]]
}

func ExampleReadAny() {
	var file bytes.Buffer
	if err := npy.Write(&file, ndarray.Arange[int16](0, 6, 1)); err != nil {
		log.Fatal(err)
	}
	a, err := npy.ReadAny(&file, npy.Limits{Bytes: 1 << 20}) // from whom one does not trust with more
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(a.DType(), a.Shape(), a.Value(5))
	// Output: int16 [6] 5
}

// Who wants to see the header before deciding what to do reads it first.
func ExampleReadElements() {
	var file bytes.Buffer
	if err := npy.Write(&file, ndarray.Arange[int16](0, 6, 1)); err != nil {
		log.Fatal(err)
	}
	h, err := npy.ReadHeader(&file)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(h.DType, h.Shape, h.NBytes())
	a, err := npy.ReadElements(&file, h)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(a)
	// Output:
	// int16 [6] 12
	// [0 1 2 3 4 5]
}

func ExampleReadFile() {
	path, remove := saved()
	defer remove()
	a, err := npy.ReadFile[float64](path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(a)
	if _, err := npy.ReadFile[float32](path); err != nil {
		fmt.Println("not as float32")
	}
	// Output:
	// [[0. 1. 2.]
	//  [3. 4. 5.]]
	// not as float32
}

// A mapped file is read where elements are used, and written where they are stored.
func ExampleMap() {
	path, remove := saved()
	defer remove()
	m, err := npy.Map[float64](path, npy.ReadWrite)
	if err != nil {
		log.Fatal(err)
	}
	m.Set(7, 1, 2)
	if err := m.Close(); err != nil {
		log.Fatal(err)
	}
	a, err := npy.ReadFile[float64](path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(a)
	// Output:
	// [[0. 1. 2.]
	//  [3. 4. 7.]]
}

// saved writes a file, and returns its path and what removes it.
func saved() (path string, remove func()) {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	path = filepath.Join(dir, "a.npy")
	a, err := ndarray.Arange[float64](0, 6, 1).Reshape(2, 3)
	if err != nil {
		log.Fatal(err)
	}
	if err := npy.WriteFile(path, a); err != nil {
		log.Fatal(err)
	}
	return path, func() { os.RemoveAll(dir) }
}
