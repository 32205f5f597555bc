package npy

import "github.com/samebytes/samebytes/ndarray"

// Plain returns h without what only reading elements needs, to be compared.
func Plain(h Header) Header {
	h.swapped, h.mixed = nil, ndarray.DType{}
	return h
}
