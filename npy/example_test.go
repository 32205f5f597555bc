package npy_test

import (
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
)

func ExampleParse() {
	file := "\x93NUMPY\x01\x00\x46\x00" +
		"{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }           \n" +
		"the elements"
	h, err := npy.Parse([]byte(file))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(h.DType, h.Shape, "big-endian:", h.BigEndian, "Fortran:", h.Fortran)
	fmt.Println(h.NBytes(), "bytes at", h.DataOffset)
	// Output:
	// int16 [2 3] big-endian: true Fortran: true
	// 12 bytes at 80
}

func ExampleHeader_Append() {
	h := npy.Header{DType: ndarray.Float64, Shape: []int{3, 4}}
	b, err := h.Append(nil, 4096)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(b))
	fmt.Printf("%q\n", b[:69])
	// Output:
	// 4096
	// "\x93NUMPY\x01\x00\xf6\x0f{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }"
}

func ExampleHeaderSize() {
	prefix := []byte("\x93NUMPY\x01\x00\x76\x00{'")
	size, err := npy.HeaderSize(prefix)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("read", size, "bytes and parse them")
	// Output: read 128 bytes and parse them
}

func ExampleCreateZip() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "week.npz") // np.load reads it, too
	err = npy.CreateZip(path, func(z *npy.ZipWriter) error {
		days := z.Add("days", ndarray.Arange(int64(1), 8, 1))
		z.Format.Level = 6
		return errors.Join(days, z.Add("prices", ndarray.New[float64](7, 1000)))
	})
	if err != nil {
		log.Fatal(err)
	}

	z, err := npy.OpenZip(path)
	if err != nil {
		log.Fatal(err)
	}
	defer z.Close()
	for _, name := range z.Names() {
		h, err := z.Header(name)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(name, h.DType, h.Shape)
	}
	days, err := npy.ReadMember[int64](z, "days")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(days)
	// Output:
	// days int64 [7]
	// prices float64 [7 1000]
	// [1 2 3 4 5 6 7]
}

func ExampleMapMember() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "a.npz")
	err = npy.CreateZip(path, func(z *npy.ZipWriter) error { return z.Add("x", ndarray.Arange(0.0, 4, 1)) })
	if err != nil {
		log.Fatal(err)
	}
	z, err := npy.OpenZip(path)
	if err != nil {
		log.Fatal(err)
	}
	defer z.Close()
	x, err := npy.MapMember[float64](z, "x", npy.CopyOnWrite)
	if err != nil {
		log.Fatal(err)
	}
	defer x.Close()
	x.Set(7, 0) // which the archive does not have
	fmt.Println(x)
	// Output: [7. 1. 2. 3.]
}

func ExampleChecksum() {
	a := ndarray.Arange(int32(0), 6, 1)
	table, err := a.Reshape(2, 3)
	if err != nil {
		log.Fatal(err)
	}
	every, err := ndarray.FromFlat([]int32{0, 3, 1, 4, 2, 5}, []int{2, 3}, true) // in Fortran order
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(npy.Checksum(table.Any()) == npy.Checksum(every.Any()))
	fmt.Println(npy.Checksum(table.Any()) == npy.Checksum(table.T().Any()))
	// Output:
	// true
	// false
}
