package initramfs

import (
	"errors"
	"strings"

	"mewz/abi"
	"mewz/kernel/commandline"
)

// What of an initramfs is configuration and no file (decision 0021): a directory at its
// root, with arguments and variables for the program, one a line, or each with a zero
// behind it if there is a zero in the file.
const (
	settingsName    = ".mewz"
	settingsArgs    = ".mewz/args"
	settingsEnv     = ".mewz/env"
	settingsExample = "write NAME=VALUE in each line"
)

// entryError is an entry that cannot be used.
type entryError struct {
	name   string
	reason error
}

func (e *entryError) Error() string { return "initramfs: " + e.name + ": " + e.reason.Error() }

func (e *entryError) Unwrap() error { return e.reason }

// entries calls visit for each entry of an archive that want chooses by name.
func entries(archive []byte, want func(name string) bool, visit func(e *Entry) error) error {
	for {
		e, rest, err := Next(archive)
		if err == ErrEnd {
			return nil
		}
		if err != nil {
			return err
		}
		archive = rest
		if !want(e.Name) {
			continue
		}
		if err := visit(&e); err != nil {
			return &entryError{e.Name, err}
		}
	}
}

func isSetting(name string) bool {
	return name == settingsName || strings.HasPrefix(name, settingsName+"/")
}

func isFile(name string) bool { return name != "" && !isSetting(name) }

var (
	errSetting      = errors.New("no setting: " + settingsArgs + " and " + settingsEnv + " are")
	errSettingType  = errors.New("a setting is a file")
	errSettingValue = errors.New("no variable: " + settingsExample)
)

// Apply overrides arguments and environment by those in an archive.
func Apply(c *abi.Config, archive []byte) error {
	return entries(archive, isSetting, func(e *Entry) error {
		if e.Name == settingsName {
			return nil
		}
		if e.Type != File {
			return errSettingType
		}
		switch e.Name {
		case settingsArgs:
			c.Args = commandline.WithArgs(c.Args, lines(e.Data))
		case settingsEnv:
			for _, variable := range lines(e.Data) {
				var err error
				if c.Env, err = commandline.SetVariable(c.Env, variable); err != nil {
					return errSettingValue
				}
			}
		default:
			return errSetting
		}
		return nil
	})
}

// lines parts the content of a setting.
func lines(data []byte) []string {
	separator := "\n"
	text := string(data)
	if strings.Contains(text, "\x00") {
		separator = "\x00"
	}
	text = strings.TrimSuffix(text, separator)
	if text == "" {
		return nil
	}
	return strings.Split(text, separator)
}
