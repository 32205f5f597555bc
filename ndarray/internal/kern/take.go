package kern

// AddPlaces adds to n elements of dst where an index says that an element lies: index i of an axis of the given length is
// i*stride elements further, and a negative one counts from the axis's end. It stops at an index that is not of the axis,
// and returns it.
func AddPlaces(dst, indices Vec[int64], length, stride, n int) (wrong int64, ok bool) {
	for to, from := dst.Off, indices.Off; n > 0; n-- {
		i := indices.Data[from]
		if i < 0 {
			i += int64(length)
		}
		if uint64(i) >= uint64(length) {
			return indices.Data[from], false
		}
		dst.Data[to] += i * int64(stride)
		to += dst.Inc
		from += indices.Inc
	}
	return 0, true
}

// Take stores in dst n elements of src, each as many elements further as its place says.
func Take[T any](dst, src Vec[T], places Vec[int64], n int) {
	if places.Inc == 0 {
		src.Off += int(places.Data[places.Off])
		Copy(dst, src, n)
		return
	}
	if dst.Inc == 1 && places.Inc == 1 && src.Inc == 0 {
		d, p := dst.Unit(n), places.Unit(n)
		for i := range d {
			d[i] = src.Data[src.Off+int(p[i])]
		}
		return
	}
	for to, from, place := dst.Off, src.Off, places.Off; n > 0; n-- {
		dst.Data[to] = src.Data[from+int(places.Data[place])]
		to += dst.Inc
		from += src.Inc
		place += places.Inc
	}
}

// Put stores n elements of src in dst, each as many elements further as its place says, one after the other.
func Put[T any](dst, src Vec[T], places Vec[int64], n int) {
	if places.Inc == 0 && dst.Inc != 0 {
		dst.Off += int(places.Data[places.Off])
		Copy(dst, src, n)
		return
	}
	for to, from, place := dst.Off, src.Off, places.Off; n > 0; n-- {
		dst.Data[to+int(places.Data[place])] = src.Data[from]
		to += dst.Inc
		from += src.Inc
		place += places.Inc
	}
}

// Where stores in dst n elements of a where cond is true, and of b where it is false.
func Where[T any](dst Vec[T], cond Vec[bool], a, b Vec[T], n int) {
	if chosen(dst, cond, a, b, n) {
		return
	}
	if dst.Inc == 1 && cond.Inc == 1 && a.Inc == 1 && b.Inc == 1 {
		d, c, x, y := dst.Unit(n), cond.Unit(n), a.Unit(n), b.Unit(n)
		for i := range d {
			v := y[i]
			if c[i] {
				v = x[i]
			}
			d[i] = v
		}
		return
	}
	for to, c, x, y := dst.Off, cond.Off, a.Off, b.Off; n > 0; n-- {
		v := b.Data[y]
		if cond.Data[c] {
			v = a.Data[x]
		}
		dst.Data[to] = v
		to += dst.Inc
		c += cond.Inc
		x += a.Inc
		y += b.Inc
	}
}

// AppendNonZero appends to dst, for each of n elements of src that is not zero, first plus step times its index. It writes each
// down and counts those that stay, since a branch on what can't be foretold costs more.
func AppendNonZero[T comparable](dst []int64, src Vec[T], first, step, n int) []int64 {
	var zero T
	var found [256]int64
	from, place := src.Off, int64(first)
	for n > 0 {
		block, count := min(n, len(found)), uint8(0)
		for range block - 1 {
			found[count] = place
			one := uint8(0)
			if src.Data[from] != zero {
				one = 1
			}
			count += one
			place += int64(step)
			from += src.Inc
		}
		dst = append(dst, found[:count]...)
		if src.Data[from] != zero {
			dst = append(dst, place)
		}
		place += int64(step)
		from += src.Inc
		n -= block
	}
	return dst
}

// Same reports whether n elements of a and b are the same by ==, or, if nan, both differ from themselves.
func Same[T comparable](a, b Vec[T], nan bool, n int) bool {
	for x, y := a.Off, b.Off; n > 0; n-- {
		v, w := a.Data[x], b.Data[y]
		if v != w && !(nan && v != v && w != w) {
			return false
		}
		x += a.Inc
		y += b.Inc
	}
	return true
}
