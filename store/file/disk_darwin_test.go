package file_test

// diskRoles are the roles that mount a disk, which takes an administrator here.
var diskRoles map[string]func(dir string) error
