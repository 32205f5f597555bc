package pybridge

// The memory of a connection is an unnamed file (memfd), sealed so that neither side can cut it under the other:
//
//	offset  bytes  content
//	0       8      magic: "samecall"
//	8       4      protocol
//	12      4      slots of each ring
//	16      4      bytes of each slot
//	64      128    words of the ring whose sender made the memory
//	192     128    words of the other ring
//	4096    ...    slots of the first ring, then those of the other
//
// Who makes it sends it with its introduction. It goes with the last process that has it.
const (
	magic     = "samecall"
	firstRing = 64
	otherRing = firstRing + ringWords
	slotsAt   = 4096

	// slots and slotSize: a call's arguments are some hundred bytes, or with a small array some thousand, and 64 calls under way keep
	// any number of CPUs busy.
	slots    = 64
	slotSize = 16384

	// Bounds of what the other side may ask this one to map: room for the handle of a long message, and 64 MiB in all.
	minSlotSize = 1 << 10
	maxSlots    = 1 << 10
	maxSlotSize = 1 << 15
)
