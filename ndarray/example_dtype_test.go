package ndarray_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/samebytes/samebytes/ndarray"
)

// Trade is numpy.dtype([("symbol", "S4"), ("price", "f8"), ("sizes", "i4", 2)], align=True).
type Trade struct {
	Symbol [4]ndarray.Char `npy:"symbol"`
	Price  float64         `npy:"price"`
	Sizes  [2]int32        `npy:"sizes"`
}

func ExampleDTypeOf() {
	fmt.Println(ndarray.DTypeOf[float64]())
	fmt.Println(ndarray.DTypeOf[[4]ndarray.UTF32]())
	fmt.Println(ndarray.DTypeOf[Trade]())
	// Output:
	// float64
	// <U4
	// {'names': ['symbol', 'price', 'sizes'], 'formats': ['S4', '<f8', ('<i4', (2,))], 'offsets': [0, 8, 16], 'itemsize': 24}
}

func ExampleField() {
	trades := ndarray.New[Trade](2)
	trades.Set(Trade{Price: 9.5, Sizes: [2]int32{1, 2}}, 1)
	prices, err := ndarray.Field[float64](trades, "price")
	if err != nil {
		fmt.Println(err)
		return
	}
	prices.Set(10, 0)
	sizes, err := ndarray.Field[int32](trades, "sizes")
	fmt.Println(trades)
	fmt.Println(sizes, err)
	// Output:
	// [(b'', 10. , [0, 0]) (b'',  9.5, [1, 2])]
	// [[0 0]
	//  [1 2]] <nil>
}

func ExampleText() {
	var t Trade
	fmt.Println(ndarray.SetText(t.Symbol[:], "MSFT"), ndarray.Text(t.Symbol[:]))
	err := ndarray.SetText(t.Symbol[:], "GOOGL")
	fmt.Println(errors.Is(err, ndarray.ErrDType), ndarray.Text(t.Symbol[:]))
	// Output:
	// <nil> MSFT
	// true MSFT
}

func ExampleDatetime64() {
	opened, _ := ndarray.Datetime64Of[ndarray.Second](time.Date(2024, 2, 29, 9, 30, 0, 0, time.UTC))
	closed := opened.Add(ndarray.NewTimedelta64[ndarray.Second](6*3600 + 1800))
	open, _ := closed.Sub(opened).Duration()
	fmt.Println(closed, open)
	when, _ := closed.Time()
	fmt.Println(when.Weekday())

	times := ndarray.New[ndarray.Datetime64[ndarray.Second]](2)
	times.Set(closed, 0)
	times.Set(ndarray.NewDatetime64[ndarray.Second](ndarray.NaT), 1)
	fmt.Println(times)
	// Output:
	// 2024-02-29T16:00:00 6h30m0s
	// Thursday
	// ['2024-02-29T16:00:00'                 'NaT']
}

func ExampleFloat16() {
	third := ndarray.NewFloat16(1.0 / 3)
	fmt.Println(third, third.Float64(), ndarray.NewBFloat16(1.0/3).Float64(), ndarray.NewFloat16(1e6))
	// Output: 0.3333 0.333251953125 0.333984375 inf
}

func ExampleAs() {
	file := binary.NativeEndian.AppendUint32(nil, 7) // elements whose dtype is found out at run time
	file = binary.NativeEndian.AppendUint32(file, 8)
	d, err := ndarray.ParseDType("i4")
	if err != nil {
		fmt.Println(err)
		return
	}
	a, err := ndarray.AnyFromFlat(file, d, []int{2}, false)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(a.DType(), a, a.Value(1))
	_, err = ndarray.As[float64](a)
	fmt.Println(err)
	b, err := ndarray.As[int32](a)
	fmt.Println(b.At(0)+b.At(1), err)
	// Output:
	// int32 [7 8] 8
	// ndarray: As: wrong dtype: expected float64, found int32
	// 15 <nil>
}

func ExampleAny_Field() {
	d, err := ndarray.StructDType([]ndarray.DTypeField{{"kind", 0, ndarray.Int8}, {"price", 1, ndarray.Float32}}, 5) // packed
	if err != nil {
		fmt.Println(err)
		return
	}
	records, err := ndarray.AnyFromFlat(make([]byte, 15), d, []int{3}, false)
	if err != nil {
		fmt.Println(err)
		return
	}
	price, err := records.Field("price")
	if err != nil {
		fmt.Println(err)
		return
	}
	prices, err := ndarray.As[float32](price.Copy())
	fmt.Println(records.Value(0), prices, err)
	// Output: map[kind:0 price:0] [0. 0. 0.] <nil>
}
