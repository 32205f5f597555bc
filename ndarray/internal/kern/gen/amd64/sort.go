package amd64

import (
	"fmt"
	"math/bits"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/samebytes/samebytes/ndarray/internal/kern/gen/table"
)

// keyType is what sorts do with keys of one size.
type keyType struct {
	*dtype
	min, max, permute, compress, expand, less, load, xor, add, subtract, shift ins
}

var keyTypes = []*keyType{
	{
		dtype: u64, min: insN((*build.Context).VPMINUQ), max: insN((*build.Context).VPMAXUQ),
		permute: insN((*build.Context).VPERMQ), compress: insN((*build.Context).VPCOMPRESSQ), expand: insN((*build.Context).VPEXPANDQ),
		less: insN((*build.Context).VPCMPUQ), load: insN((*build.Context).VMOVDQU64), xor: insN((*build.Context).VPXORQ),
		add: insN((*build.Context).VPADDQ), subtract: insN((*build.Context).VPSUBQ), shift: insN((*build.Context).VPSRAQ),
	},
	{
		dtype: u32, min: insN((*build.Context).VPMINUD), max: insN((*build.Context).VPMAXUD),
		permute: insN((*build.Context).VPERMD), compress: insN((*build.Context).VPCOMPRESSD), expand: insN((*build.Context).VPEXPANDD),
		less: insN((*build.Context).VPCMPUD), load: insN((*build.Context).VMOVDQU32), xor: insN((*build.Context).VPXORD),
		add: insN((*build.Context).VPADDD), subtract: insN((*build.Context).VPSUBD), shift: insN((*build.Context).VPSRAD),
	},
}

// lessThan is VPCMPU's predicate.
const lessThan = operand.U8(1)

// sorting writes the kernels of a quicksort: networks for few keys, and the partition of many.
func sorting(f *file) {
	for _, t := range keyTypes {
		for _, rows := range []int{2, 4, 8, 16} {
			t.network(f, rows)
		}
		t.partition(f)
		t.sides(f)
		t.codes(f)
	}
}

// start begins a function of the AVX-512 set.
func (t *keyType) start(f *file, name, signature, place, kind string, least int, index ...string) *kernel {
	k := &kernel{file: f, isa: avx512}
	name += t.name + k.isa.name
	k.Function(name)
	k.Attributes(attr.NOSPLIT)
	k.Pragma("noescape")
	k.SignatureExpr(signature)
	f.entries = append(f.entries, table.Entry{Set: k.isa.set, Table: place, Index: append([]string{"reflect." + t.kind}, index...), Kernel: kind, Function: name, Least: least})
	return k
}

// vector returns where in memory a vector of the values of f is.
func (t *keyType) vector(k *kernel, name string, f func(lane int) int) operand.Mem {
	name = fmt.Sprintf("%s%d", name, t.size)
	if m, ok := k.globals[name]; ok {
		return m
	}
	m := k.StaticGlobal(name)
	k.DataAttributes(attr.RODATA | attr.NOPTR)
	for lane := range 64 / t.size {
		if t.size == 8 {
			k.AddDatum(8*lane, operand.U64(f(lane)))
		} else {
			k.AddDatum(4*lane, operand.U32(f(lane)))
		}
	}
	k.globals[name] = m
	return m
}

// net is a network that sorts rows registers of keys. The key with the number i is in the lane i/rows of the register i%rows.
//
// It is Batcher's bitonic sort (Sorting networks and their applications, AFIPS 1968), with the first step of each merge turned
// round, so that all comparisons put the lesser key first.
type net struct {
	*kernel
	*keyType
	rows, lanes int
	reg         []reg.VecVirtual
	xor         map[int]reg.VecVirtual // indices of the lanes whose number differs in these bits
	upper       map[int]reg.Register   // the lanes whose number has this bit
}

// turned returns the lanes of v, each in the place whose number differs in the bits of mask.
func (n *net) turned(v reg.VecVirtual, mask int) reg.VecVirtual {
	if n.xor[mask] == nil {
		n.xor[mask] = n.ZMM()
		n.VMOVDQU64(n.vector(n.kernel, fmt.Sprintf("xor%d_", mask), func(lane int) int { return lane ^ mask }), n.xor[mask])
	}
	to := n.ZMM()
	n.permute(n.kernel, v, n.xor[mask], to)
	return to
}

// bit returns the mask of the lanes whose number has the highest bit of mask.
func (n *net) bit(mask int) reg.Register {
	b := bits.Len(uint(mask)) - 1
	if n.upper[b] == nil {
		value := 0
		for lane := range n.lanes {
			value |= lane >> b & 1 << lane
		}
		r := n.GP32()
		n.MOVL(operand.U32(value), r)
		n.upper[b] = n.K()
		n.KMOVW(r, n.upper[b])
	}
	return n.upper[b]
}

// merge returns the lesser of each two keys, and in the upper lanes the greater, or with greater the other way round.
func (n *net) merge(x, y reg.VecVirtual, upper reg.Register, greater bool) reg.VecVirtual {
	first, second := n.min, n.max
	if greater {
		first, second = second, first
	}
	to := n.ZMM()
	first(n.kernel, y, x, to)
	second(n.kernel, y, x, upper, to)
	return to
}

func (n *net) sort() {
	for length := 2; length <= n.rows*n.lanes; length *= 2 {
		n.mirror(length)
		for d := length / 4; d > 0; d /= 2 {
			n.step(d)
		}
	}
}

// mirror compares each key of the first half of a run with that of the second half that is as far from its end.
func (n *net) mirror(length int) {
	if length <= n.rows {
		for i := range n.rows {
			if j := i ^ (length - 1); i < j {
				n.exchange(i, j)
			}
		}
		return
	}
	mask := length/n.rows - 1
	for i := range n.rows / 2 {
		j := n.rows - 1 - i
		x, y := n.reg[i], n.turned(n.reg[j], mask)
		n.reg[i] = n.merge(x, y, n.bit(mask), false)
		n.reg[j] = n.turned(n.merge(x, y, n.bit(mask), true), mask)
	}
}

// step compares keys that are so far apart.
func (n *net) step(distance int) {
	for i := range n.rows {
		if distance >= n.rows {
			mask := distance / n.rows
			n.reg[i] = n.merge(n.reg[i], n.turned(n.reg[i], mask), n.bit(mask), false)
		} else if j := i ^ distance; i < j {
			n.exchange(i, j)
		}
	}
}

// exchange puts the lesser of the keys of two registers in the first.
func (n *net) exchange(i, j int) {
	least, greatest := n.ZMM(), n.ZMM()
	n.min(n.kernel, n.reg[j], n.reg[i], least)
	n.max(n.kernel, n.reg[j], n.reg[i], greatest)
	n.reg[i], n.reg[j] = least, greatest
}

// transpose makes neighbours of keys with neighbouring numbers. It exchanges bits of the register's number with bits of the
// lane's, and then, where there are fewer registers than lanes, those of the lane's among themselves.
func (n *net) transpose() {
	rowBits, laneBits := bits.Len(uint(n.rows))-1, bits.Len(uint(n.lanes))-1
	shared := min(rowBits, laneBits)
	for b := range shared {
		rowBit, mask := 1<<b, 1<<(laneBits-shared+b)
		for i := range n.rows {
			if i&rowBit != 0 {
				continue
			}
			j := i | rowBit
			x, y := n.reg[i], n.reg[j]
			lower, upper := n.ZMM(), n.turned(x, mask)
			n.VMOVDQA64(x, lower)
			n.permute(n.kernel, y, n.xor[mask], n.bit(mask), lower)
			n.keyType.load(n.kernel, y, n.bit(mask), upper)
			n.reg[i], n.reg[j] = lower, upper
		}
	}
	if left := laneBits - shared; left > 0 {
		order := n.ZMM()
		n.VMOVDQU64(n.vector(n.kernel, fmt.Sprintf("rotated%d_", left), func(lane int) int {
			return lane>>shared | lane&(1<<shared-1)<<left
		}), order)
		for i, v := range n.reg {
			n.reg[i] = n.ZMM()
			n.permute(n.kernel, v, order, n.reg[i])
		}
	}
}

// network writes a function(keys *byte, n int) that sorts at most as many keys as fill so many registers.
func (t *keyType) network(f *file, rows int) {
	lanes := 64 / t.size
	k := t.start(f, fmt.Sprintf("sort%d", rows*lanes), "func(keys *byte, n int)", "SortFew", "KernelSort", rows*lanes,
		fmt.Sprint(bits.Len(uint(rows))-2))
	keys, count := k.Load(k.Param("keys"), k.GP64()), k.Load(k.Param("n"), k.GP64())
	limit := k.ZMM()
	if t.size == 8 {
		k.VPBROADCASTQ(count, limit)
	} else {
		k.VPBROADCASTD(count.(reg.GPVirtual).As32(), limit)
	}
	n := &net{kernel: k, keyType: t, rows: rows, lanes: lanes, xor: map[int]reg.VecVirtual{}, upper: map[int]reg.Register{}}
	inside := func(row int) reg.Register { // the lanes of a row of keys that there are
		mask := k.K()
		t.less(k, lessThan, limit, t.positions(k, row), mask)
		return mask
	}
	for row := range rows {
		v := k.ZMM()
		k.VPTERNLOGD(operand.U8(0xff), v, v, v) // the greatest keys: they stay behind the others
		t.load(k, operand.Mem{Base: keys, Disp: 64 * row}, inside(row), v)
		n.reg = append(n.reg, v)
	}
	n.sort()
	n.transpose()
	for i, v := range n.reg {
		row := i
		if rows > lanes {
			row = i%lanes*(rows/lanes) + i/lanes
		}
		t.load(k, v, inside(row), operand.Mem{Base: keys, Disp: 64 * row})
	}
	k.VZEROUPPER()
	k.RET()
}

// positions returns a register with the numbers of a row of keys.
func (t *keyType) positions(k *kernel, row int) reg.VecVirtual {
	lanes := 64 / t.size
	v := k.ZMM()
	k.VMOVDQU64(t.vector(k, fmt.Sprintf("positions%d_", row), func(lane int) int { return row*lanes + lane }), v)
	return v
}

// partition writes a function(keys, others *byte, n int, pivot *byte) int, which leaves the keys below the pivot at the front of
// keys, stores all others at others, and returns how many are below. A whole vector is stored each time, of which some keys
// count. That stays within the n places, and at keys within those that have been read; only the last keys need a mask.
func (t *keyType) partition(f *file) {
	lanes := 64 / t.size
	k := t.start(f, "partition", "func(keys, others *byte, n int, pivot *byte) int", "Partition", "KernelPartition", 1)
	from, others := k.Load(k.Param("keys"), k.GP64()), k.Load(k.Param("others"), k.GP64())
	n, at := k.Load(k.Param("n"), k.GP64()), k.Load(k.Param("pivot"), k.GP64())
	pivot := k.ZMM()
	k.splat(t.size, operand.Mem{Base: at}, pivot)
	to, below := k.GP64(), k.GP64()
	k.MOVQ(from, to)
	k.XORQ(below, below)
	again, rest, end := k.label("loop"), k.label("rest"), k.label("end")
	k.Label(again)
	k.CMPQ(n, operand.I32(lanes))
	k.JL(operand.LabelRef(rest))
	{
		v, less, more := k.ZMM(), k.K(), k.K()
		left, right, count := k.ZMM(), k.ZMM(), k.GP32()
		k.VMOVDQU64(operand.Mem{Base: from}, v)
		t.less(k, lessThan, pivot, v, less)
		k.KNOTW(less, more)
		t.compress(k, v, less, left)
		t.compress(k, v, more, right)
		k.VMOVDQU64(left, operand.Mem{Base: to})
		k.VMOVDQU64(right, operand.Mem{Base: others})
		if lanes == 8 {
			k.KMOVB(less, count)
		} else {
			k.KMOVW(less, count)
		}
		k.POPCNTL(count, count)
		k.LEAQ(operand.Mem{Base: to, Index: count.As64(), Scale: uint8(t.size)}, to)
		k.ADDQ(count.As64(), below)
		k.SHLQ(operand.U8(bits.Len(uint(t.size))-1), count.As64())
		k.SUBQ(count.As64(), others)
		k.ADDQ(operand.I32(64), others)
	}
	k.ADDQ(operand.I32(64), from)
	k.SUBQ(operand.I32(lanes), n)
	k.JMP(operand.LabelRef(again))
	k.Label(rest)
	k.TESTQ(n, n)
	k.JZ(operand.LabelRef(end))
	{
		v, inside, less, more, limit := k.ZMM(), k.K(), k.K(), k.K(), k.ZMM()
		if t.size == 8 {
			k.VPBROADCASTQ(n, limit)
		} else {
			k.VPBROADCASTD(n.(reg.GPVirtual).As32(), limit)
		}
		t.less(k, lessThan, limit, t.positions(k, 0), inside)
		k.VPXORQ(v, v, v)
		t.load(k, operand.Mem{Base: from}, inside, v)
		t.less(k, lessThan, pivot, v, inside, less)
		k.KANDNW(inside, less, more)
		t.compress(k, v, less, operand.Mem{Base: to})
		t.compress(k, v, more, operand.Mem{Base: others})
		count := k.GP32()
		k.KMOVW(less, count)
		k.POPCNTL(count, count)
		k.ADDQ(count.As64(), below)
	}
	k.Label(end)
	k.VZEROUPPER()
	k.Store(below, k.ReturnIndex(0))
	k.RET()
}

// sideVectors is how many vectors a round of sides reads.
const sideVectors = 8

// sides writes a function(keys *byte, state *byte, pivot *byte, rounds int), which moves keys below the pivot towards the
// front of an array and all others towards its end, some vectors a round, until fewer are left. Its state is four numbers of
// bytes, from keys on: where the next key below goes, the first and the end of those not yet read, and the end of the place for
// the others.
//
// Before the first round, two rounds' keys have been saved, one from each end. Each round reads from that side where less place
// is left, and so has place for all it has read on both sides. It stores each vector twice, with the keys below in its lower
// lanes and the others in its upper ones: what of that doesn't count lies where later stores go.
func (t *keyType) sides(f *file) {
	lanes, shift := 64/t.size, bits.Len(uint(t.size))-1
	k := t.start(f, "sides", "func(keys, state, pivot *byte, rounds int)", "Sides", "KernelSides", sideVectors*lanes)
	keys, state := k.Load(k.Param("keys"), k.GP64()), k.Load(k.Param("state"), k.GP64())
	at, rounds := k.Load(k.Param("pivot"), k.GP64()), k.Load(k.Param("rounds"), k.GP64())
	pivot := k.ZMM()
	k.splat(t.size, operand.Mem{Base: at}, pivot)
	var place [4]reg.GPVirtual // low, from, end, high
	for i := range place {
		place[i] = k.GP64()
		k.MOVQ(operand.Mem{Base: state, Disp: 8 * i}, place[i])
		k.ADDQ(keys, place[i])
	}
	low, from, end, high := place[0], place[1], place[2], place[3]
	again, done := k.label("loop"), k.label("done")
	k.Label(again)
	left := k.GP64()
	k.MOVQ(end, left)
	k.SUBQ(from, left)
	k.CMPQ(left, operand.I32(64*sideVectors))
	k.JL(operand.LabelRef(done))
	k.TESTQ(rounds, rounds)
	k.JZ(operand.LabelRef(done))
	k.DECQ(rounds)
	{
		before, after, fromFront, fromBack, read := k.GP64(), k.GP64(), k.GP64(), k.GP64(), k.GP64()
		k.MOVQ(from, before)
		k.SUBQ(low, before)
		k.MOVQ(high, after)
		k.SUBQ(end, after)
		k.LEAQ(operand.Mem{Base: from, Disp: 64 * sideVectors}, fromFront)
		k.LEAQ(operand.Mem{Base: end, Disp: -64 * sideVectors}, fromBack)
		k.MOVQ(from, read)
		k.CMPQ(before, after)
		k.CMOVQGT(fromBack, read)
		k.CMOVQGT(fromBack, end)
		k.CMOVQLE(fromFront, from)
		var v [sideVectors]reg.VecVirtual
		for i := range v {
			v[i] = k.load(operand.Mem{Base: read, Disp: 64 * i})
		}
		for i := range v {
			less, more, upper := k.K(), k.K(), k.K()
			below, above, count, ones := k.ZMM(), k.ZMM(), k.GP32(), k.GP32()
			t.less(k, lessThan, pivot, v[i], less)
			k.KNOTW(less, more)
			t.compress(k, v[i], less, below)
			t.compress(k, v[i], more, above)
			if lanes == 8 {
				k.KMOVB(less, count)
			} else {
				k.KMOVW(less, count)
			}
			k.POPCNTL(count, count)
			k.MOVL(operand.I32(-1), ones)
			k.SHLXL(count, ones, ones)
			k.KMOVW(ones, upper)
			t.expand(k, above, upper, below)
			k.VMOVDQU64(below, operand.Mem{Base: low})
			k.VMOVDQU64(below, operand.Mem{Base: high, Disp: -64})
			k.SHLQ(operand.U8(shift), count.As64())
			k.ADDQ(count.As64(), low)
			k.LEAQ(operand.Mem{Base: high, Index: count.As64(), Scale: 1, Disp: -64}, high)
		}
	}
	k.JMP(operand.LabelRef(again))
	k.Label(done)
	for i := range place {
		k.SUBQ(keys, place[i])
		k.MOVQ(place[i], operand.Mem{Base: state, Disp: 8 * i})
	}
	k.VZEROUPPER()
	k.RET()
}

// codes writes the kernels that make keys of floats and floats of keys: see Encode and Decode in package kern.
func (t *keyType) codes(f *file) {
	width := operand.U8(8*t.size - 1)
	sign := uint64(1) << (8*t.size - 1)
	one := func(name string, write func(k *kernel, v, nans reg.VecVirtual) reg.VecVirtual) {
		f.mapKernel(avx512, mapping{
			table: "Binary", index: []string{name, "reflect." + t.kind}, name: lower(name) + t.name,
			in: []int{t.size, t.size}, out: t.size, step: 64 / t.size, unroll: 4,
			prepare: func(*kernel) body {
				return func(k *kernel, src []operand.Mem, dst operand.Mem) {
					k.VMOVDQU64(write(k, k.load(src[0]), k.load(src[1])), dst)
				}
			},
		})
	}
	one("EncodeFloat", func(k *kernel, v, nans reg.VecVirtual) reg.VecVirtual {
		flip := k.ZMM()
		t.shift(k, width, v, flip)
		k.VPORQ(k.constant(t.size, sign), flip, flip)
		t.xor(k, flip, v, v)
		t.subtract(k, nans, v, v)
		return v
	})
	one("DecodeFloat", func(k *kernel, v, nans reg.VecVirtual) reg.VecVirtual {
		flip := k.ZMM()
		t.add(k, nans, v, v)
		t.shift(k, width, v, flip)
		k.VPTERNLOGD(operand.U8(0x55), flip, flip, flip) // not
		k.VPORQ(k.constant(t.size, sign), flip, flip)
		t.xor(k, flip, v, v)
		return v
	})
}
