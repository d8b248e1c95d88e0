// Gateway: a plate for a bought steel cabinet of 400 x 300 x 150, and three pieces of a partition that parts it from top to
// bottom. Low voltage only on the plate; mains stays on the other side of the partition.
include <../enclosure/lib.scad>
include <../enclosure/bought.scad>
part = "all";
step = 0;
size = [200, 150];
thick = 4;
partition_size = [130, 120];

module feet(at, dx, dy, d, h) {
    for (x = [0, dx], y = [0, dy]) translate([at[0] + x, at[1] + y, thick]) ring(d, d - 3.4, h);
}

module plate() {
    difference() {
        translate([0, 0, 0]) rounded([size[0], size[1], thick], 6);
        for (x = [-1, 1], y = [-1, 1]) translate([x * (size[0] / 2 - 8), y * (size[1] / 2 - 8), -1]) cylinder(d = 5.5, h = thick + 2);
        for (x = [-60 : 30 : 60], y = [-1, 1]) translate([x - 6, y * 6 - 2, -1]) cube([12, 4, thick + 2]); // cable ties
    }
    feet([-86, 10], 58, 49, 6.2, 8);   // Raspberry Pi 4: 58 x 49, M2.5
    feet([0, 18], 70, 34, 6.2, 8);     // modem on its adapter
    feet([-80, -58], 60, 26, 6.2, 8);  // relay board
    for (x = [10, 76]) translate([x, -62, thick]) cube([3, 42, 16]); // SSD between two cheeks
}

// One of three: screwed to the cabinet's back by its flange. Its thin round is broken out where the gland of the low
// voltage wires goes, in one of them.
module partition() {
    difference() {
        union() {
            cube([3, partition_size[0], partition_size[1]]);
            translate([-16, 0, 0]) cube([19, partition_size[0], 3]);
        }
        for (y = [20, partition_size[0] - 20]) translate([-9, y, -1]) cylinder(d = 4.4, h = 6);
        translate([0.6, partition_size[0] / 2, 40]) rotate([0, 90, 0]) cylinder(d = 16.2, h = 5);
    }
}

module partitions() {
    for (i = [0 : 2]) translate([0, i * (partition_size[0] + 0.5), 0]) color(i == 1 ? "#c9a227" : "#d8b545") partition();
}

module on_plate() {
    translate([-89.5, 6.5, thick + 8]) { // Raspberry Pi 4
        module_card([85, 56, 1.6], board_green);
        translate([66, 2, 1.6]) module_card([21, 52, 15]);
        translate([24, 20, 1.6]) module_card([15, 15, 2.4]);
    }
    translate([-3, 14, thick + 8]) { // modem on its adapter
        module_card([76, 42, 1.6], board_green);
        translate([20, 6, 1.6]) module_card([32, 30, 3]);
    }
    translate([-84, -62, thick + 8]) { // relay
        module_card([68, 34, 1.6], board_green);
        translate([40, 9, 1.6]) module_card([19, 16, 15.5], "#2f7dd1");
        translate([4, 6, 1.6]) terminal();
    }
    translate([13.2, -60, thick + 0.2]) module_card([62.6, 38, 9], dark); // disk
}

module cabinet() { // of steel, bought; its door is off
    color("#8d949e") difference() {
        translate([-150, -200, -20]) cube([300, 400, 150]);
        translate([-148, -198, -18]) cube([296, 396, 200]);
    }
}

module mains_side() { // an electrician's
    color("#e6e8eb") translate([-142, 110, -18]) cube([36, 80, 66]);      // residual current breaker
    color("#f0b429") translate([-142, 30, -18]) cube([36, 70, 60]);       // arrester
    color("#aab2bd") translate([-142, -190, -18]) cube([38, 159, 97]);    // charger
}

if (step == 1) { color(grey) plate(); on_plate(); }
else if (step == 2) {
    cabinet();
    mains_side();
    translate([-68, -195.5, -18]) partitions();
    translate([42, 60, -18]) { color(grey) plate(); on_plate(); }
    color("#27435f") translate([-50, -180, -18]) cube([150, 90, 96]);     // battery
    color(red) translate([-40, -78, -18]) cube([40, 16, 20]);             // its fuse
    color(dark) translate([20, -78, -18]) cube([98, 55, 26]);             // switch
}
else {
    if (part == "base" || part == "all") color(grey) plate();
    if (part == "lid") translate([0, 0, 3]) rotate([0, 90, 0]) partition();
    if (part == "all") translate([-130, -75, 0]) color("#c9a227") partition();
}
