package image

import (
	"cmp"
	"math"
	"slices"

	"mewz/abi"
	"mewz/compiler/debuginfo"
)

// paddingMaxBytes is the most bytes between functions that are taken for
// padding, which nothing executes and which needs no row.
const paddingMaxBytes = 15

// unwindRows reads all .eh_frame sections of the object. They are not loaded: they
// become abi.UnwindRow.
func (l *linker) unwindRows() []abi.UnwindRow {
	var rows []abi.UnwindRow
	for i := range l.object.Sections {
		if l.object.Sections[i].Name == debuginfo.EHFrameSection {
			// Any address does: entries refer to the text relative to
			// themselves, and the linear memory begins close enough to it.
			address := uint64(abi.MemoryBase)
			debuginfo.Frames(l.debugSection(i, address), address, func(f *debuginfo.Function) {
				rows = l.appendRows(rows, f)
			})
		}
	}
	return rows
}

// appendRows appends the rows of a function, and where it ends.
func (l *linker) appendRows(rows []abi.UnwindRow, f *debuginfo.Function) []abi.UnwindRow {
	first, inText := l.textOffset(f.Start)
	if !inText || f.Bytes > l.text.bytes-uint64(first) {
		return rows
	}
	if !f.Known {
		rows = append(rows, abi.UnwindRow{Start: first})
	}
	for i := range f.Rows {
		rows = append(rows, unwindRow(&f.Rows[i], first+uint32(f.Rows[i].Start-f.Start)))
	}
	return append(rows, abi.UnwindRow{Start: first + uint32(f.Bytes), Register: rowEnd})
}

// unwindRow is what a backtrace needs of a row, at an offset of the text.
func unwindRow(r *debuginfo.Row, start uint32) abi.UnwindRow {
	row := abi.UnwindRow{Start: start}
	usable := r.Register == abi.UnwindSP || r.Register == abi.UnwindBP
	savedBP := r.Saved[abi.UnwindBP]
	if usable && r.Offset > 0 && r.Offset <= math.MaxInt32 && savedBP >= math.MinInt32 && savedBP <= math.MaxInt32 {
		row.CFAOffset, row.Register, row.SavedBP = int32(r.Offset), uint8(r.Register), int32(savedBP)
	}
	return row
}

// rowEnd marks, until finishRows, a row that only says where a function ends.
const rowEnd = 0xff

// finishRows sorts rows and drops those that say nothing: ends of functions
// that padding follows, and repetitions.
func finishRows(rows []abi.UnwindRow) []abi.UnwindRow {
	order := func(a, b abi.UnwindRow) int {
		if a.Start == b.Start { // an end before what begins there
			return cmp.Compare(b.Register, a.Register)
		}
		return cmp.Compare(a.Start, b.Start)
	}
	if !slices.IsSortedFunc(rows, order) {
		slices.SortStableFunc(rows, order)
	}
	kept := rows[:0]
	for i, row := range rows {
		if row.Register == rowEnd {
			if i+1 < len(rows) && rows[i+1].Start-row.Start <= paddingMaxBytes {
				continue
			}
			row = abi.UnwindRow{Start: row.Start}
		}
		n := len(kept)
		if n > 0 && kept[n-1].Start == row.Start {
			kept[n-1] = row
			continue
		}
		if n > 0 {
			same := kept[n-1]
			same.Start = row.Start
			if same == row {
				continue
			}
		}
		kept = append(kept, row)
	}
	return kept
}
