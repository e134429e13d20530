package main

func Example() {
	main()
	// Output:
	// version 1: "" false
	// version 2: "hello" true
	// version 3: "" false
	// moved to version 3
	// version 1: "" false
	// version 2: "" false
	// version 3: "hello" true
}
