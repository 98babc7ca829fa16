package main

import (
	"syscall"

	"mewz/abi"
	"mewz/kernel/commandline"
	"mewz/kernel/initramfs"
	"mewz/kernel/system"
)

// configure overrides what the image was built with by what the VMM says: the initramfs
// first, then the kernel command line, which is the nearest to who starts the machine.
func (m *machine) configure() error {
	m.initramfs = system.Initramfs()
	if err := initramfs.Apply(m.config, m.initramfs); err != nil {
		return err
	}
	text, _ := syscall.Getenv(abi.CommandLineVariable)
	line, err := commandline.Split(text)
	if err != nil {
		return err
	}
	env, others, err := commandline.Environment(m.config.Env, line.Words)
	if err != nil {
		return err
	}
	m.config.Env = env
	if len(line.Args) != 0 {
		m.config.Args = commandline.WithArgs(m.config.Args, line.Args)
	}
	mounts, others, err := commandline.Mounts(others)
	if err != nil {
		return err
	}
	if len(mounts) > 0 {
		m.config.AddMounts(mounts)
	}
	return m.applyNetwork(others)
}
