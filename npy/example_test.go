package npy_test

import (
	"fmt"
	"log"

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
