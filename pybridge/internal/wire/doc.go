// Package wire turns the values that calls carry into bytes, and bytes into values.
//
// The bytes are msgpack with extension types. docs/reference/wire.md says which, for Go and for Python; tests/conformance/values.json
// has cases that both languages pass.
//
//	code  payload                                           value
//	1     what the caller's Array appends                   an array
//	2     two float32 or two float64, little-endian         complex64, complex128
//	3     nanoseconds as int64, little-endian               time.Duration
//	4     what the caller's Object appends                  an object that stays where it is
//	-1    msgpack's own timestamp                           time.Time
//
// The package knows no files, no shared memory and no sockets: arrays and objects go through functions of the caller.
//
// A message is bytes from another process: any give a value or an error, never a panic, and what is allocated for them is bounded by
// their number, whatever lengths they claim. A message must not change while it is decoded; what is decoded shares no memory
// with it. An [Encoder] and a [Decoder] hold no state: all calls may run concurrently.
package wire
