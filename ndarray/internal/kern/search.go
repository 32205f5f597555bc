package kern

// Search stores for each of n values how many of the m elements of sorted come before it, or with right, how many do not come
// after it. Elements are given by their bits.
func Search[K Unsigned](dst Vec[int64], sorted Vec[K], m int, values Vec[K], n int, o Order, right bool) {
	low, high := 0, m
	last := K(0)
	for i := range n {
		key := Key(values.Data[values.Off+i*values.Inc], o)
		// From a value on to one that is no less, the place can only rise, and from there to a lesser one only fall.
		if key >= last {
			high = m
		} else {
			low = 0
		}
		last = key
		for low < high {
			middle := int(uint(low+high) / 2)
			k := Key(sorted.Data[sorted.Off+middle*sorted.Inc], o)
			if k < key || right && k == key {
				low = middle + 1
			} else {
				high = middle
			}
		}
		dst.Data[dst.Off+i*dst.Inc] = int64(low)
	}
}

// SearchFunc is Search for elements that have no keys.
func SearchFunc[T any](dst Vec[int64], sorted Vec[T], m int, values Vec[T], n int, compare func(a, b T) int, right bool) {
	for i := range n {
		value := values.Data[values.Off+i*values.Inc]
		low, high := 0, m
		for low < high {
			middle := int(uint(low+high) / 2)
			order := compare(sorted.Data[sorted.Off+middle*sorted.Inc], value)
			if order < 0 || right && order == 0 {
				low = middle + 1
			} else {
				high = middle
			}
		}
		dst.Data[dst.Off+i*dst.Inc] = int64(low)
	}
}
