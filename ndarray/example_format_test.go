package ndarray_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"

	"github.com/samebytes/samebytes/ndarray"
)

func ExampleArray_Format() {
	a, _ := ndarray.FromSlice([]float32{1, 2.5, -3, 1. / 3}, 2, 2)
	fmt.Println(a)
	fmt.Printf("%.2f\n", a)
	fmt.Printf("%#v\n", a)
	fmt.Printf("%04d\n", ndarray.New[int16](3))
	// Output:
	// [[ 1.          2.5       ]
	//  [-3.          0.33333334]]
	// [[ 1.00  2.50]
	//  [-3.00  0.33]]
	// array([[ 1.        ,  2.5       ],
	//        [-3.        ,  0.33333334]], dtype=float32)
	// [0000 0000 0000]
}

// Large arrays are summarised, and only what is shown is read.
func ExampleArray_Text() {
	a := ndarray.New[float64](1000, 1000)
	fmt.Println(a)
	fmt.Println(a.Text(ndarray.PrintOptions{EdgeItems: 1}))
	// Output:
	// [[0. 0. 0. ... 0. 0. 0.]
	//  [0. 0. 0. ... 0. 0. 0.]
	//  [0. 0. 0. ... 0. 0. 0.]
	//  ...
	//  [0. 0. 0. ... 0. 0. 0.]
	//  [0. 0. 0. ... 0. 0. 0.]
	//  [0. 0. 0. ... 0. 0. 0.]]
	// [[0. ... 0.]
	//  ...
	//  [0. ... 0.]]
}

func ExampleArray_LogValue() {
	plain := func(_ []string, attr slog.Attr) slog.Attr {
		if attr.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return attr
	}
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: plain}))
	log.Info("loaded", "prices", ndarray.New[float32](250, 4000))
	// Output:
	// level=INFO msg=loaded prices.dtype=float32 prices.shape="[250 4000]" prices.text="[[0. ... 0.] ... [0. ... 0.]]"
}

func ExampleArray_MarshalJSON() {
	prices, _ := ndarray.FromSlice([]float32{1, 2.5, -3, 0}, 2, 2)
	text, err := json.Marshal(map[string]any{"prices": prices})
	fmt.Println(string(text), err)
	// Output:
	// {"prices":[[1,2.5],[-3,0]]} <nil>
}
