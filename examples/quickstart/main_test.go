package main

func Example() {
	main()
	// Output:
	// loading
	// Ada <nil>
	// Ada <nil>
	// Ada <nil>
}
