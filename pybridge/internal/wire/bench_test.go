package wire_test

import (
	"testing"

	"github.com/samebytes/samebytes/pybridge/internal/wire"
)

// smallCall is what most messages are like.
func smallCall() []any { return []any{0, 7, "scale", []any{1.5, "x"}, map[string]any{}} }

func BenchmarkAppend(b *testing.B) {
	var e wire.Encoder
	for name, v := range map[string]any{"call": smallCall(), "struct": person{Name: "Ada", Age: 36, Sizes: []int8{1, 2, 3}}, "floats": make([]float64, 1000)} {
		b.Run(name, func(b *testing.B) {
			var dst []byte
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if dst, err = e.Append(dst[:0], v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	var d wire.Decoder
	run := func(name string, v any, decode func([]byte) error) {
		message := must(b, v)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := decode(message); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("call", smallCall(), func(m []byte) error { _, _, err := d.DecodeAny(m); return err })
	run("struct", person{Name: "Ada", Age: 36, Sizes: []int8{1, 2, 3}}, func(m []byte) error { _, err := d.Decode(m, &person{}); return err })
	run("float64", 1.5, func(m []byte) error { var f float64; _, err := d.Decode(m, &f); return err })
	run("floats", make([]float64, 1000), func(m []byte) error { var f []float64; _, err := d.Decode(m, &f); return err })
}
