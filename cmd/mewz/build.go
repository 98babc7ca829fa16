package main

import "fmt"

// Run links a program into an image.
func (b *buildCommand) Run(a *app) error {
	src, err := openSource(b.File)
	if err != nil {
		return err
	}
	if src.kind == kindImage {
		return fmt.Errorf("%s: is an image already: mewz run %s", b.File, quote([]string{b.File}))
	}
	config, err := programConfig(src, b.linkFlags, withoutDashes(b.Args))
	if err != nil {
		return err
	}
	if config.Network, err = b.addressFlags.network(); err != nil {
		return err
	}
	list, err := planMounts(b.memoryFlags, shareFlags{})
	if err != nil {
		return err
	}
	config.Mounts = mountsOf(list)
	img, err := a.link(src, b.compileFlags, b.linkFlags, config)
	if err != nil {
		return err
	}
	img.Config.Network.Enabled = img.Config.WantsNetwork()
	img.Config.AddMounts(nil)
	return writeOutput(a.context(), b.Output, imageMode, img)
}
