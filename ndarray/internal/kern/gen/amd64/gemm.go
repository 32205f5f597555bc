package amd64

import (
	"fmt"
	"log"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/samebytes/samebytes/ndarray/internal/kern/gen/table"
)

// A tile is as many rows and vectors of sums as there are registers for: three vectors of b and one element of a are in
// registers besides.
const gemmVectors = 3

func gemmRows(s *isa) int {
	if s == avx512 {
		return 8
	}
	return 4
}

func gemms(f *file) {
	f.transpose(f64)
	f.transpose(f32)
	for _, s := range isas {
		f.gemmPack(s)
		for _, d := range []*dtype{f64, f32} {
			f.gemm(s, d)
		}
	}
}

// product is a kernel of matrix products that is being written.
type product struct {
	*kernel
	dtype     *dtype
	a, c      reg.GPVirtual // where the tile's rows and elements begin
	rows      reg.GPVirtual // that are left of the columns at hand
	lanesMask reg.Register  // of the elements of the last vector, where it is masked
}

// gemm writes the kernel: for columns of up to three vectors, for rows of up to gemmRows, the tile.
func (f *file) gemm(s *isa, d *dtype) {
	k := &kernel{file: f, isa: s}
	name := "gemm" + d.name + s.name
	k.Function(name)
	k.Attributes(attr.NOSPLIT)
	k.Pragma("noescape")
	k.SignatureExpr("func(k int, a, b, c *byte, aRow, aStep, bStep, ldc, rows, cols int, alpha, beta float64)")
	lanes := k.vectors(d)
	f.entries = append(f.entries, table.Entry{Set: s.set, Table: "Strided", Index: []string{"reflect." + d.kind}, Kernel: "KernelStrided",
		Function: fmt.Sprintf("%s, gemmPack%s, transpose%s, %d", name, s.name, d.name, gemmRows(s)), Least: gemmVectors * lanes})

	p := &product{kernel: k, dtype: d, a: k.GP64(), c: k.GP64(), rows: k.GP64()}
	columns, end := k.label("columns"), k.label("end")
	k.Label(columns)
	for vectors := gemmVectors; vectors >= 1; vectors-- {
		next := k.label("narrower")
		if vectors > 1 {
			least := (vectors-1)*lanes + 1
			if !p.masked(vectors) {
				least = vectors * lanes
			}
			k.CMPQ(p.param("cols"), operand.I32(least))
			k.JL(operand.LabelRef(next))
		}
		if p.masked(vectors) {
			p.mask(vectors)
		}
		k.Load(k.Param("a"), p.a)
		k.Load(k.Param("c"), p.c)
		k.Load(k.Param("rows"), p.rows)
		for rows := gemmRows(s); rows >= 1; rows /= 2 {
			again, done := k.label("rows"), k.label("fewer")
			k.Label(again)
			k.CMPQ(p.rows, operand.I32(rows))
			k.JL(operand.LabelRef(done))
			p.tile(rows, vectors)
			k.SUBQ(operand.I32(rows), p.rows)
			if rows == gemmRows(s) {
				k.JMP(operand.LabelRef(again))
			}
			k.Label(done)
		}
		k.ADDQ(operand.I32(vectors*s.width), p.param("b"))
		k.ADDQ(operand.I32(vectors*s.width), p.param("c"))
		k.SUBQ(operand.I32(vectors*lanes), p.param("cols"))
		k.JG(operand.LabelRef(columns))
		k.JMP(operand.LabelRef(end))
		if vectors > 1 {
			k.Label(next)
		}
	}
	k.Label(end)
	k.VZEROUPPER()
	k.RET()
}

// param returns where a parameter is: b, c and cols advance from columns to columns.
func (p *product) param(name string) operand.Op {
	c, err := p.Param(name).Resolve()
	if err != nil {
		log.Fatal(err)
	}
	return c.Addr
}

// masked reports whether the last of so many vectors may have fewer elements. AVX2 has no register left for a mask beside those
// of a whole tile.
func (p *product) masked(vectors int) bool { return p.isa == avx512 || vectors < gemmVectors }

// mask finds which elements of the last vector there are.
func (p *product) mask(vectors int) {
	lanes := p.vectors(p.dtype)
	n := p.GP64()
	p.Load(p.Param("cols"), n)
	p.SUBQ(operand.I32((vectors-1)*lanes), n)
	whole := p.GP64()
	p.MOVQ(operand.I32(lanes), whole)
	p.CMPQ(n, whole)
	p.CMOVQGT(whole, n)
	if p.isa == avx512 {
		bits := p.GP64()
		p.MOVQ(n, reg.RCX)
		p.MOVQ(operand.I32(1), bits)
		p.SHLQ(reg.CL, bits)
		p.DECQ(bits)
		mask := p.K()
		p.KMOVW(bits.As32(), mask)
		p.lanesMask = mask
		return
	}
	at := p.GP64()
	p.LEAQ(p.windows(), at)
	p.IMUL3Q(operand.I32(p.dtype.size), n, n)
	p.SUBQ(n, at)
	mask := p.YMM()
	p.VMOVUPD(operand.Mem{Base: at, Disp: p.isa.width}, mask)
	p.lanesMask = mask
}

// windows returns a vector of ones and after it one of zeros, so that n elements before the zeros begins a mask of n.
func (p *product) windows() operand.Mem {
	if m, ok := p.globals["windows"]; ok {
		return m
	}
	m := p.StaticGlobal("windows")
	p.DataAttributes(attr.RODATA | attr.NOPTR)
	for at := 0; at < 2*p.isa.width; at += 8 {
		ones := uint64(0)
		if at < p.isa.width {
			ones = ^ones
		}
		p.AddDatum(at, operand.U64(ones))
	}
	p.globals["windows"] = m
	return m
}

// row returns the place i rows after base, where base4 is four after it and times3 is three times the distance.
func row(i int, base, base4, distance, times3 reg.Register, disp int) operand.Mem {
	if i >= 4 {
		base, i = base4, i-4
	}
	m := operand.Mem{Base: base, Disp: disp}
	switch i {
	case 1, 2:
		m.Index, m.Scale = distance, uint8(i)
	case 3:
		m.Index, m.Scale = times3, 1
	}
	return m
}

// tile computes a tile of so many rows and vectors, and goes on to the next rows.
func (p *product) tile(rows, vectors int) {
	double := p.dtype == f64
	pick := func(d, s func(*build.Context, ...operand.Op)) ins {
		if double {
			return insN(d)
		}
		return insN(s)
	}
	fma := pick((*build.Context).VFMADD231PD, (*build.Context).VFMADD231PS)
	multiply := pick((*build.Context).VMULPD, (*build.Context).VMULPS)
	splat := func(m operand.Mem, v reg.VecVirtual) {
		if double {
			p.VBROADCASTSD(m, v)
		} else {
			p.VBROADCASTSS(m, v)
		}
	}
	width := p.isa.width
	last := func(v int) bool { return v == vectors-1 && p.masked(vectors) }
	load := func(m operand.Mem, v int, to reg.VecVirtual) {
		switch {
		case !last(v):
			p.VMOVUPD(m, to)
		case p.isa == avx512 && double:
			p.VMOVUPD_Z(m, p.lanesMask, to)
		case p.isa == avx512:
			p.VMOVUPS_Z(m, p.lanesMask, to)
		case double:
			p.VMASKMOVPD(m, p.lanesMask, to)
		default:
			p.VMASKMOVPS(m, p.lanesMask, to)
		}
	}

	sums := make([][]reg.VecVirtual, rows)
	for i := range sums {
		for range vectors {
			sums[i] = append(sums[i], p.zero())
		}
	}
	aRow, aStep, bStep := p.Load(p.Param("aRow"), p.GP64()), p.Load(p.Param("aStep"), p.GP64()), p.Load(p.Param("bStep"), p.GP64())
	a, b, left := p.GP64(), p.GP64(), p.GP64()
	p.MOVQ(p.a, a)
	p.Load(p.Param("b"), b)
	p.Load(p.Param("k"), left)
	var a4, aRow3 reg.GPVirtual
	if rows > 2 {
		aRow3 = p.GP64()
		p.LEAQ(operand.Mem{Base: aRow, Index: aRow, Scale: 2}, aRow3)
	}
	if rows > 4 {
		a4 = p.GP64()
		p.LEAQ(operand.Mem{Base: a, Index: aRow, Scale: 4}, a4)
	}
	inner := p.label("inner")
	p.Label(inner)
	x := make([]reg.VecVirtual, vectors)
	for v := range x {
		x[v] = p.vec()
		load(operand.Mem{Base: b, Disp: v * width}, v, x[v])
	}
	for i := range rows {
		factor := p.vec()
		splat(row(i, a, a4, aRow, aRow3, 0), factor)
		for v := range x {
			fma(p.kernel, factor, x[v], sums[i][v])
		}
	}
	p.ADDQ(aStep, a)
	if rows > 4 {
		p.ADDQ(aStep, a4)
	}
	p.ADDQ(bStep, b)
	p.DECQ(left)
	p.JNE(operand.LabelRef(inner))
	p.LEAQ(operand.Mem{Base: p.a, Index: aRow, Scale: uint8(min(rows, 4))}, p.a)
	if rows > 4 {
		p.LEAQ(operand.Mem{Base: p.a, Index: aRow, Scale: 4}, p.a)
	}

	factor := func(name string) reg.VecVirtual {
		v := p.vec()
		if double {
			p.VBROADCASTSD(p.param(name), v)
		} else {
			p.VXORPS(v.AsX(), v.AsX(), v.AsX())
			p.VCVTSD2SS(p.param(name), v.AsX(), v.AsX())
			p.VBROADCASTSS(v.AsX(), v)
		}
		return v
	}
	alpha := factor("alpha")
	for i := range sums {
		for _, sum := range sums[i] {
			multiply(p.kernel, alpha, sum, sum)
		}
	}
	ldc := p.Load(p.Param("ldc"), p.GP64())
	var c4, ldc3 reg.GPVirtual
	if rows > 2 {
		ldc3 = p.GP64()
		p.LEAQ(operand.Mem{Base: ldc, Index: ldc, Scale: 2}, ldc3)
	}
	if rows > 4 {
		c4 = p.GP64()
		p.LEAQ(operand.Mem{Base: p.c, Index: ldc, Scale: 4}, c4)
	}
	fresh := p.label("fresh")
	beta := p.GP64()
	p.MOVQ(p.param("beta"), beta)
	p.SHLQ(operand.U8(1), beta) // the sign of a zero
	p.JZ(operand.LabelRef(fresh))
	weight := factor("beta")
	for i := range sums {
		for v, sum := range sums[i] {
			before := p.vec()
			load(row(i, p.c, c4, ldc, ldc3, v*width), v, before)
			fma(p.kernel, weight, before, sum)
		}
	}
	p.Label(fresh)
	for i := range sums {
		for v, sum := range sums[i] {
			to := row(i, p.c, c4, ldc, ldc3, v*width)
			switch {
			case !last(v):
				p.VMOVUPD(sum, to)
			case p.isa == avx512 && double:
				p.VMOVUPD(sum, p.lanesMask, to)
			case p.isa == avx512:
				p.VMOVUPS(sum, p.lanesMask, to)
			case double:
				p.VMASKMOVPD(sum, p.lanesMask, to)
			default:
				p.VMASKMOVPS(sum, p.lanesMask, to)
			}
		}
	}
	if rows > 4 {
		p.LEAQ(operand.Mem{Base: c4, Index: ldc, Scale: 4}, p.c)
	} else {
		p.LEAQ(operand.Mem{Base: p.c, Index: ldc, Scale: uint8(rows)}, p.c)
	}
}

// gemmPack writes the kernel that packs whole panels.
func (f *file) gemmPack(s *isa) {
	k := &kernel{file: f, isa: s}
	k.Function("gemmPack" + s.name)
	k.Attributes(attr.NOSPLIT)
	k.Pragma("noescape")
	k.SignatureExpr("func(dst, b *byte, k, bStep, panels, size int)")
	dst, b, rows := k.Load(k.Param("dst"), k.GP64()), k.Load(k.Param("b"), k.GP64()), k.Load(k.Param("k"), k.GP64())
	step, size := k.Load(k.Param("bStep"), k.GP64()), k.Load(k.Param("size"), k.GP64())
	again := k.label("row")
	k.Label(again)
	to, from, left := k.GP64(), k.GP64(), k.GP64()
	k.MOVQ(dst, to)
	k.MOVQ(b, from)
	k.Load(k.Param("panels"), left)
	panel := k.label("panel")
	k.Label(panel)
	for v := range gemmVectors {
		k.VMOVUPD(k.load(operand.Mem{Base: from, Disp: v * s.width}), operand.Mem{Base: to, Disp: v * s.width})
	}
	k.ADDQ(operand.I32(gemmVectors*s.width), from)
	k.ADDQ(size, to)
	k.DECQ(left)
	k.JNE(operand.LabelRef(panel))
	k.ADDQ(operand.I32(gemmVectors*s.width), dst)
	k.ADDQ(step, b)
	k.DECQ(rows)
	k.JNE(operand.LabelRef(again))
	k.VZEROUPPER()
	k.RET()
}
