package wire_test

import (
	"fmt"
	"log"

	"github.com/samebytes/samebytes/pybridge/internal/wire"
)

func Example() {
	var e wire.Encoder
	message, err := e.Append(nil, []any{"scale", 2.5, map[string]int{"axis": 300}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("% x\n", message)

	var d wire.Decoder
	v, _, err := d.DecodeAny(message)
	fmt.Println(v, err)

	var call struct{ Name string }
	_, err = d.Decode(message, &call)
	fmt.Println(err)
	var axis map[string]int8
	_, err = d.Decode(message[16:], &axis)
	fmt.Println(wire.At("options", err))
	// Output:
	// 93 a5 73 63 61 6c 65 cb 40 04 00 00 00 00 00 00 81 a4 61 78 69 73 cd 01 2c
	// [scale 2.5 map[axis:300]] <nil>
	// expected struct { Name string }, found a list of 3
	// options["axis"]: expected int8, found 300
}
