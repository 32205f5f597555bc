package kern

import (
	"fmt"
	"testing"
)

func TestConversions(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		conversionsFrom[float64](t)
		conversionsFrom[float32](t)
		conversionsFrom[int8](t)
		conversionsFrom[int16](t)
		conversionsFrom[int32](t)
		conversionsFrom[int64](t)
		conversionsFrom[uint8](t)
		conversionsFrom[uint16](t)
		conversionsFrom[uint32](t)
		conversionsFrom[uint64](t)
	})
}

func conversionsFrom[T realNumber](t *testing.T) {
	t.Run(fmt.Sprintf("%T", *new(T)), func(t *testing.T) {
		conversion[float64, T](t)
		conversion[float32, T](t)
		conversion[int8, T](t)
		conversion[int16, T](t)
		conversion[int32, T](t)
		conversion[int64, T](t)
		conversion[uint8, T](t)
		conversion[uint16, T](t)
		conversion[uint32, T](t)
		conversion[uint64, T](t)
		twin1(t, UnaryLoop[T, bool](func(dst Vec[T], a Vec[bool], n int) { ConvertBool(dst, a, 1, n) }))
	})
}

func conversion[U, T realNumber](t *testing.T) {
	t.Run(fmt.Sprintf("%T", *new(U)), func(t *testing.T) { twin1(t, UnaryLoop[U, T](Convert[U, T])) })
}
