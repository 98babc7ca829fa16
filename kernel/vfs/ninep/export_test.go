package ninep

// HideAt has the hidden directory get a number instead of a random one.
func (f *FileSystem) HideAt(number uint32) { f.hiding.random = func() uint32 { return number } }
