package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"os"

	"github.com/samebytes/samebytes/npy"
)

// parsed is what package npy makes of a header.
type parsed struct {
	Error   string `json:"error"`
	DType   string `json:"dtype"`
	Big     bool   `json:"big"`
	Mixed   bool   `json:"mixed"`
	Fortran bool   `json:"fortran"`
	Shape   []int  `json:"shape"`
	Offset  int    `json:"offset"`
}

// parse parses a header from each line of input, in hexadecimal, and prints it as a line of JSON.
func parse() error {
	out := bufio.NewWriter(os.Stdout)
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 4*npy.MaxHeader)
	for lines.Scan() {
		head, err := hex.DecodeString(lines.Text())
		if err != nil {
			return err
		}
		var p parsed
		if h, err := npy.Parse(head); err != nil {
			p.Error = err.Error()
		} else {
			p = parsed{"", h.DType.String(), h.BigEndian, h.Mixed, h.Fortran, h.Shape, h.DataOffset}
		}
		if err := json.NewEncoder(out).Encode(p); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return out.Flush()
}
